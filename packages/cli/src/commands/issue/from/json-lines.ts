/** Reads JSON Lines: one object a line, its members named like the columns of CSV. */
import { InvalidValueError, JwsError, parseJsonObject } from '@apikey/shared';
import { columnOf, unknownColumn, type Column, type Row } from './columns.ts';
import type { TextInput } from './text-input.ts';

/** Longer than any line that makes sense. */
const MAX_LINE = 65_536;

/** Members that may hold a list. */
const LISTS: ReadonlySet<Column> = new Set(['scope', 'audience']);

/** Every line is read, whatever is wrong with the others. */
export async function* readJsonLines({ name, pieces }: TextInput): AsyncGenerator<Row> {
  let line = 0;
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw tooLong(name, line + lines.length + 1);
    for (const text of lines) {
      line += 1;
      if (text.trim() !== '') yield rowOf(line, text);
    }
  }
  if (rest.trim() !== '') yield rowOf(line + 1, rest);
}

function rowOf(line: number, text: string): Row {
  const cells = new Map<Column, readonly string[]>();
  const flawed = (flaw: string): Row => ({ line, cells, flaw });
  let members: Readonly<Record<string, unknown>>;
  try {
    members = parseJsonObject(Buffer.from(text.trim()));
  } catch (error) {
    if (error instanceof JwsError) return flawed('it is not one JSON object with each member once');
    throw error;
  }
  for (const [name, value] of Object.entries(members)) {
    const column = columnOf(name);
    if (column === undefined) return flawed(unknownColumn(name));
    if (cells.has(column)) return flawed(`${column} is there twice`);
    const texts = textsOf(value, LISTS.has(column));
    if (texts === undefined)
      return flawed(`${column} is not ${LISTS.has(column) ? 'text, or a list of texts' : 'text'}`);
    if (texts.length > 0) cells.set(column, texts);
  }
  return { line, cells };
}

/** Null is as good as absent. */
function textsOf(value: unknown, list: boolean): readonly string[] | undefined {
  if (value === null) return [];
  if (typeof value === 'string') return [value];
  if (!list || !Array.isArray(value)) return undefined;
  const texts: unknown[] = value;
  return texts.every((text) => typeof text === 'string') ? texts : undefined;
}

function tooLong(name: string, line: number): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `${name}:${line}: the line is too long`, {
    why: `it has more than ${MAX_LINE.toLocaleString('en')} characters`,
    fix: 'write one JSON object a line; nothing was issued',
  });
}
