import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonObject } from './json.ts';
import { codeOf } from './sample-keys.fixture.ts';

const seed = 20_263;
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const codeFor = (text: string): string => codeOf(() => parseJsonObject(bytes(text)));

/** Strings full of what matters to a scanner. */
const awkward = fc.string({
  unit: fc.constantFrom('"', '\\', ':', '{', '}', ',', ' ', '\n', 'a', 'u', 'é', '\u{1f511}'),
});
const nested = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, awkward, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(awkward, tie('value'), { maxKeys: 5 }),
}));

test('any object with well-formed strings parses to what JSON.parse makes of it, however it is indented', () => {
  fc.assert(
    fc.property(nested['object'] ?? fc.constant({}), fc.constantFrom('', ' ', '\t', '  \n'), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      expect({ ...parseJsonObject(bytes(text)) }).toEqual(JSON.parse(text));
    }),
    { seed, numRuns: 1000 },
  );
});

test('a member that is there twice is found at any depth and in any escape', () => {
  const name = awkward.filter((text) => text !== '');
  const escaped = (text: string): string =>
    [...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  fc.assert(
    fc.property(name, nested['value'] ?? fc.constant(1), fc.nat(6), fc.boolean(), (twice, value, depth, inList) => {
      let text = `{${JSON.stringify(twice)}:${JSON.stringify(value)},"other":1,"${escaped(twice)}" : 2}`;
      for (let i = 0; i < depth; i++) text = inList ? `{"a":[1,${text}]}` : `{"a":${text}}`;
      expect(codeFor(text)).toBe('JWS_MALFORMED');
    }),
    { seed, numRuns: 1000 },
  );
});

test.each([
  ['a plain duplicate', '{"a":1,"a":1}'],
  ['a duplicate with an escape', String.raw`{"a":1,"\u0061":2}`],
  ['a duplicate whose first value is an object', '{"a":{"b":1},"a":{"b":1}}'],
  ['a duplicate beneath a value that is dropped', '{"a":{"b":1,"b":2},"a":1}'],
  ['a duplicate that a deeper object hides in the count', '{"a":1,"a":{"b":1}}'],
  ['a duplicate in a list', '{"a":[{"b":1,"b":1}]}'],
  ['an empty name twice', '{"":1,"":2}'],
  ['a number beyond the range', '{"a":1e400}'],
  ['a negative number beyond the range', '{"a":[-1e400]}'],
  ['an unpaired surrogate in a value', String.raw`{"a":"\ud800"}`],
  ['an unpaired surrogate in a name', String.raw`{"\udc00":1}`],
  ['__proto__', '{"__proto__":{"alg":"ES256"}}'],
  ['__proto__ with an escape', String.raw`{"a":{"\u005f_proto__":1}}`],
  ['a list', '[]'],
  ['a string', '"a"'],
  ['null', 'null'],
  ['nothing', ''],
  ['a byte order mark', '\ufeff{}'],
  ['two objects', '{}{}'],
  ['a comment', '{}//'],
  ['a trailing comma', '{"a":1,}'],
  ['NaN', '{"a":NaN}'],
  ['a single-quoted name', "{'a':1}"],
  ['a control character in a string', '{"a":"\u0001"}'],
  ['more than 32 levels', `${'{"a":'.repeat(32)}{}${'}'.repeat(32)}`],
  ['thousands of levels', `{"a":${'['.repeat(6000)}${']'.repeat(6000)}}`],
])('%s is refused', (_, text) => {
  expect(codeFor(text)).toBe('JWS_MALFORMED');
});

test('32 levels are accepted', () => {
  expect(codeFor(`${'{"a":'.repeat(31)}{}${'}'.repeat(31)}`)).toBe('none');
});

test('a pair of escaped surrogates is one character', () => {
  expect(parseJsonObject(bytes(String.raw`{"a":"\ud83d\udd11"}`))['a']).toBe('\u{1f511}');
});

test.each([
  ['an overlong slash', [0xc0, 0xaf]],
  ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
  ['a lone continuation byte', [0x80]],
  ['a cut-off character', [0xe2, 0x82]],
  ['Latin-1', [0xe9]],
])('%s is not UTF-8', (_, inside) => {
  const object = Buffer.concat([bytes('{"a":"'), Buffer.from(inside), bytes('"}')]);
  expect(codeOf(() => parseJsonObject(object))).toBe('JWS_MALFORMED');
});

test('the result inherits no members', () => {
  const object = parseJsonObject(bytes('{"a":1}'));
  expect('toString' in object).toBe(false);
  expect(object['constructor']).toBeUndefined();
});
