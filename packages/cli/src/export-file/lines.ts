/** Reads a file line by line, telling where each lies, without ever holding more than one of them. */
import type { FileHandle } from 'node:fs/promises';
import { MAX_EXPORT_LINE } from '@apikey/shared';

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

export interface Line {
  /** 1 for the first line that was read. */
  readonly number: number;
  readonly offset: number;
  /** Its bytes without the line end; absent where it is longer than any line of an export. */
  readonly bytes: Buffer | undefined;
  /** Whether a line end follows. */
  readonly complete: boolean;
  /** Where the next line begins. */
  readonly end: number;
}

/** The lines between two offsets of a file. Line ends are `\n`; what follows the last one is a line that is not complete. */
export async function* linesOf(file: FileHandle, start = 0, stop: number = Infinity): AsyncGenerator<Line> {
  let number = 1;
  let offset = start;
  let position = start;
  let pieces: Buffer[] = [];
  let length = 0;
  const finish = (complete: boolean): Line => {
    const bytes = length > MAX_EXPORT_LINE ? undefined : Buffer.concat(pieces);
    const end = offset + length + (complete ? 1 : 0);
    const line = { number, offset, bytes, complete, end };
    number += 1;
    offset = end;
    pieces = [];
    length = 0;
    return line;
  };
  const keep = (piece: Buffer): void => {
    length += piece.length;
    if (length <= MAX_EXPORT_LINE) pieces.push(piece);
    else pieces = [];
  };
  while (position < stop) {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(CHUNK),
      0,
      Math.min(CHUNK, stop - position),
      position,
    );
    if (bytesRead === 0) break;
    position += bytesRead;
    let rest = buffer.subarray(0, bytesRead);
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
      keep(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
      yield finish(true);
    }
    keep(rest);
  }
  if (length > 0) yield finish(false);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value of a line, or what is wrong with the line; never its content, which may be anything. */
export function valueOf({ bytes, complete }: Line): { readonly value: unknown } | { readonly flaw: string } {
  if (bytes === undefined) return { flaw: 'it is longer than any line that apikey writes' };
  if (!complete) return { flaw: 'it has no line end: the file was cut off' };
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { flaw: 'it is not UTF-8' };
  }
  if (text.startsWith('\u{FEFF}')) return { flaw: 'it begins with a byte order mark' };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { flaw: 'it is not JSON' };
  }
}
