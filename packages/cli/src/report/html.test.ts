import { expect, it } from 'vitest';
import { embeddedJson, html } from './html.ts';

it('escapes whatever is put into a template, in text and in attributes', () => {
  const hostile = `<img src=x onerror="alert('1')"> & </title>`;
  const escaped = '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; &lt;/title&gt;';
  expect(html`<p title="${hostile}">${hostile}</p>`.source).toBe(`<p title="${escaped}">${escaped}</p>`);
});

it('takes only what a template made for markup, however deep it lies', () => {
  const list = html`<ul>
    ${[html`<li>${1}</li>`, ['<b>', undefined]]}
  </ul>`;
  expect(list.source).toBe('<ul>\n<li>1</li>&lt;b&gt;\n</ul>');
});

it('keeps the line breaks of what is put in, and takes the indentation of the template alone', () => {
  expect(html`<p>${html`a`} ${'b  c'}</p>`.source).toBe('<p>a b  c</p>');
});

it('shows control characters, line separators and turned directions as what they are not', () => {
  const text = 'a\u0000b\u001B[31mc\u2028d\u202Ee\u2066f\u2069';
  expect(html`${text}`.source).toBe('a\u{FFFD}b\u{FFFD}[31mc\u{FFFD}d\u{FFFD}e\u{FFFD}f\u{FFFD}');
});

it('shows nothing that is shaped like a token', () => {
  const token = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJwYXJ0bmVyIn0', 'c2lnbmF0dXJl'].join('.');
  expect(html`note: ${token}`.source).toBe('note: [token removed]');
  expect(embeddedJson({ note: token }).source).toBe('{"note":"[token removed]"}');
});

it('writes JSON that cannot end the element or the line that it stands in', () => {
  const { source } = embeddedJson(['</script><script>alert(1)</script>', '<!--', ']]>', '&lt;', 'a\u2028b\u2029c']);
  expect(source).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(source)).toEqual([
    '</script><script>alert(1)</script>',
    '<!--',
    ']]>',
    '&lt;',
    'a\u{FFFD}b\u{FFFD}c',
  ]);
});
