import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countMembers, memberOf, withMember } from './json-member.ts';

describe('a member of a JSON text', () => {
  it.each([
    ['{}', '{"k":"v"}'],
    [' { } ', ' {"k":"v" } '],
    ['{"k":1}', '{"k":"v"}'],
    ['{"a":[1,{"k":2}],"b":"}"}', '{"a":[1,{"k":2}],"b":"}","k":"v"}'],
    ['{"a":"\\"k\\":","k":null,"c":-1.5e300}', '{"a":"\\"k\\":","k":"v","c":-1.5e300}'],
    ['{"\\u006b" : true\n}', '{"\\u006b" : "v"\n}'],
    ['{"k":{"deep":["]"]},"z":0}', '{"k":"v","z":0}'],
  ])('is set in %s', (before, after) => {
    expect(withMember(before, 'k', 'v')).toBe(after);
  });

  it.each(['', 'x', '[]', '"k"', '1', 'null', '{"k":1,"k":2}', '{"k":1', '{"k":1}{}'])('is refused in %j', (text) => {
    expect(() => memberOf(text, 'k')).toThrow(SyntaxError);
    expect(() => withMember(text, 'k', 'v')).toThrow(SyntaxError);
  });

  it('an error never quotes the text', () => {
    expect(() => memberOf('{"password":"hunter2",', 'k')).toThrow(/^not JSON$/);
  });

  it('of any object is read and set as JSON has it, and the others stay', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(object, fc.string(), fc.string(), fc.constantFrom(0, 2), (value, name, set, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const parsed: Record<string, unknown> = JSON.parse(text);
        expect(countMembers(text)).toBe(Object.keys(parsed).length);
        expect(memberOf(text, name)).toEqual(Object.hasOwn(parsed, name) ? parsed[name] : undefined);
        const after: Record<string, unknown> = JSON.parse(withMember(text, name, set));
        const expected = new Map(Object.entries(parsed)).set(name, set);
        expect(new Map(Object.entries(after))).toEqual(expected);
      }),
    );
  });
});
