import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromAttributes, toAttributes } from './attributes.ts';

const number = fc.oneof(
  fc.integer(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -9e125, max: 9e125 })
    .filter((n) => n === 0 || Math.abs(n) > 1e-130),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    number.map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
}));

describe('documents as attributes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (document) => {
        expect(fromAttributes(toAttributes(document))).toEqual(document);
      }),
    );
  });

  it('lose members that are undefined, and keep empty ones', () => {
    expect(toAttributes({ a: undefined, b: '', c: [], d: {} })).toEqual({ b: { S: '' }, c: { L: [] }, d: { M: {} } });
  });

  it('keep a member of a name that objects use for themselves', () => {
    const document: object = JSON.parse('{"__proto__":{"a":1}}');
    expect(Object.keys(fromAttributes(toAttributes(document)))).toEqual(['__proto__']);
  });

  it.each([[() => 1], [Symbol('s')], [1n], [Number.NaN], [Number.POSITIVE_INFINITY], [1e126], [1e-131]])(
    'are never made of %s',
    (odd) => {
      expect(() => toAttributes({ odd })).toThrow(TypeError);
    },
  );

  it('read as nothing where the table holds what is no JSON', () => {
    const bytes = { B: new Uint8Array([1]) };
    for (const odd of [bytes, { SS: ['a'] }, { NS: ['1'] }, { L: [bytes] }, { M: { deep: { L: [bytes] } } }]) {
      expect(fromAttributes({ odd })).toEqual({ odd: undefined });
    }
  });
});
