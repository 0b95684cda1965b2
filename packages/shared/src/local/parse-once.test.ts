import { expect, test } from 'vitest';
import { parseOnce } from './parse-once.ts';

function countingParser(): { readonly read: (doc: unknown) => unknown; readonly parsed: unknown[] } {
  const parsed: unknown[] = [];
  const read = parseOnce((value) => {
    parsed.push(value);
    if (value === 'damaged') throw new TypeError('damaged');
    return { value };
  });
  return { read, parsed };
}

test('a text is parsed the first time that it is read', () => {
  const { read, parsed } = countingParser();
  expect(read('{"version":1}')).toEqual({ value: { version: 1 } });
  expect(read('{"version":1}')).toEqual({ value: { version: 1 } });
  expect(parsed).toEqual([{ version: 1 }]);
});

test('another text is another document, by however little it differs', () => {
  const { read, parsed } = countingParser();
  read('{"version":1}');
  expect(read('{"version":2}')).toEqual({ value: { version: 2 } });
  expect(read('{"version":1 }')).toEqual({ value: { version: 1 } });
  expect(parsed).toHaveLength(3);
});

test('what is damaged is found damaged each time', () => {
  const { read, parsed } = countingParser();
  for (let n = 0; n < 2; n += 1) expect(() => read('"damaged"')).toThrow('damaged');
  for (const doc of [undefined, null, 7, '{']) expect(() => read(doc)).toThrow('not JSON');
  expect(parsed).toEqual(['damaged', 'damaged']);
});

test('texts beyond the limit are parsed again, and right', () => {
  const { read } = countingParser();
  const all = Array.from({ length: 2_500 }, (_, value) => ({ value }));
  for (let n = 0; n < 2; n += 1) expect(all.map(({ value }) => read(String(value)))).toEqual(all);
});
