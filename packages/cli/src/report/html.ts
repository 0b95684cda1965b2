/** HTML as values: whatever is put into a template is text, unless it was made by a template itself. */
import { printable } from '../terminal/printable.ts';
import { redact } from '../terminal/redact.ts';

/** HTML that is complete and safe; only `html` makes it. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type Content = string | number | Markup | readonly Content[] | undefined;

/** A template whose values are escaped, in text and in quoted attributes alike. Absent ones leave nothing. */
export function html(template: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const parts = partsOf(template);
  let source = parts[0] ?? '';
  for (const [index, value] of values.entries()) source += sourceOf(value) + (parts[index + 1] ?? '');
  return new Markup(source);
}

const KNOWN_PARTS = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Templates are indented for those who read them; a page of 10,000 tokens has no use for it. */
function partsOf(template: TemplateStringsArray): readonly string[] {
  const known = KNOWN_PARTS.get(template);
  if (known !== undefined) return known;
  const parts = template.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'));
  KNOWN_PARTS.set(template, parts);
  return parts;
}

function sourceOf(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.source;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? escaped(value) : value.map(sourceOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return shownText(text).replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}

/** Stored text as any page may show it: nothing shaped like a token, no control characters, no turned direction. */
function shownText(text: string): string {
  return redact(printable(text));
}

/** JSON that can stand in a script element: no sign in it can end the element or a line of script. */
export function embeddedJson(value: unknown): Markup {
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? shownText(member) : member));
  return new Markup(text.replaceAll(/[<>&\u2028\u2029]/g, (sign) => `\\u${hex(sign)}`));
}

function hex(sign: string): string {
  return sign.charCodeAt(0).toString(16).padStart(4, '0');
}
