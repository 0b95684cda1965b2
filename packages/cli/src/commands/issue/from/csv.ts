/** Reads CSV (RFC 4180): a header that names the columns, then one token to issue in each record. */
import { Readable } from 'node:stream';
import { InvalidValueError } from '@apikey/shared';
import { CsvError, parse, type CsvErrorCode, type Info } from 'csv-parse';
import { COLUMNS, columnOf, unknownColumn, type Column, type Row } from './columns.ts';
import type { TextInput } from './text-input.ts';

/** Longer than any record that makes sense: an unbalanced quote must not swallow a large file. */
const MAX_RECORD = 65_536;

const FORM = {
  info: true,
  relax_column_count: true,
  skip_empty_lines: true,
  trim: true,
  max_record_size: MAX_RECORD,
} as const;

/** @throws InvalidValueError for a header, or quotes, after which nothing can be read */
export async function* readCsv({ name, pieces }: TextInput): AsyncGenerator<Row> {
  let header: readonly Column[] | undefined;
  let line = 0;
  try {
    // One chain, so that what goes wrong in any part of it arrives here.
    const records: AsyncIterable<CsvRecord> = Readable.from(unixLines(pieces)).compose(parse(FORM));
    for await (const { record, info } of records) {
      line = info.lines;
      if (header === undefined) header = headerOf(name, line, record);
      else yield rowOf(header, line, record);
    }
  } catch (error) {
    throw error instanceof CsvError ? broken(name, error, line) : error;
  }
  if (header === undefined) throw noHeader(name, 'it is empty');
}

/** Of a line end with two characters inside of quotes the parser counts both. */
async function* unixLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const piece of pieces) {
    const text = held + piece;
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replaceAll('\r\n', '\n');
  }
  yield held;
}

interface CsvRecord {
  readonly info: Info;
  readonly record: readonly string[];
}

function headerOf(name: string, line: number, names: readonly string[]): readonly Column[] {
  const columns = names.map((text) => {
    const column = columnOf(text);
    if (column !== undefined) return column;
    const separator = names.length === 1 ? [';', '\t'].find((it) => text.includes(it)) : undefined;
    throw badHeader(
      name,
      line,
      separator === undefined ? unknownColumn(text) : 'its columns are not separated by commas',
    );
  });
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw badHeader(name, line, `the column ${twice} is there twice`);
  if (!columns.includes('client')) throw noHeader(name, 'its first line names no column client');
  return columns;
}

function rowOf(header: readonly Column[], line: number, record: readonly string[]): Row {
  if (record.length !== header.length) {
    const cells = `${record.length} ${record.length === 1 ? 'field' : 'fields'}`;
    return { line, cells: new Map(), flaw: `it has ${cells}, and the header ${header.length}` };
  }
  const filled = header.flatMap((column, index): [Column, string[]][] => {
    const text = record[index] ?? '';
    return text === '' ? [] : [[column, [text]]];
  });
  return { line, cells: new Map(filled) };
}

const FLAWS: Partial<Readonly<Record<CsvErrorCode, string>>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'something stands behind a closing quote',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'something stands behind a closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands in the middle of a field',
  CSV_MAX_RECORD_SIZE: 'a record is longer than 65,536 characters; perhaps a quote is never closed',
};

/** The parser's own text quotes the file, and somebody may have put tokens into it. */
function broken(name: string, error: CsvError, lastLine: number): InvalidValueError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : lastLine + 1;
  return new InvalidValueError('INVALID_INPUT', `${name}:${line}: this is not CSV`, {
    why: FLAWS[error.code] ?? 'the record cannot be read',
    fix: 'put quotes around fields with commas, quotes or line ends, and double the quotes in them; nothing was issued',
  });
}

function badHeader(name: string, line: number, why: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `${name}:${line}: the header is wrong`, {
    why,
    fix: `the columns are ${COLUMNS.join(', ')}; nothing was issued`,
  });
}

function noHeader(name: string, why: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `${name} has no header`, {
    why,
    fix: `name the columns in the first line: client, and what you need of ${COLUMNS.slice(1).join(', ')}`,
  });
}
