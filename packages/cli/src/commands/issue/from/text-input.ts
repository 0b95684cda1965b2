/** Reads a text file or standard input piece by piece, and accepts nothing but UTF-8. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { TextDecoder } from 'node:util';
import { AccessDeniedError, InvalidValueError, NotFoundError } from '@apikey/shared';
import type { Context } from '../../../context.ts';
import { systemReason } from '../../../failure.ts';

export interface TextInput {
  /** For messages: the name as typed, or `standard input`. */
  readonly name: string;
  /** The text in pieces of any size, without a byte order mark. */
  readonly pieces: AsyncIterable<string>;
}

/** @param file as typed; `-` is standard input */
export function openText(file: string, { io }: Pick<Context, 'io'>): TextInput {
  const name = file === '-' ? 'standard input' : file;
  return {
    name,
    pieces: decoded(name, () => (file === '-' ? io.stdin.stream() : createReadStream(resolve(io.cwd, file)))),
  };
}

async function* decoded(name: string, open: () => AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  try {
    for await (const chunk of open()) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(bytes instanceof Uint8Array)) throw new TypeError('a stream of something else than bytes');
      const text = decode(decoder, bytes, name, line);
      line += text.split('\n').length - 1;
      yield text;
    }
    yield decode(decoder, undefined, name, line);
  } catch (error) {
    throw unreadable(name, error);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined, name: string, line: number): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    // Behind this line: how far, the decoder does not say.
    throw new InvalidValueError('INVALID_INPUT', `${name} is not UTF-8`, {
      why: `after line ${line} there are bytes that are no UTF-8 text`,
      fix: 'save the file as UTF-8; spreadsheets call it "CSV UTF-8"; nothing was issued',
    });
  }
}

function unreadable(name: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error) || error instanceof InvalidValueError) return error;
  const details = { why: systemReason(error), fix: 'name a file with one token to issue a line', cause: error };
  if (error.code === 'ENOENT') return new NotFoundError('FILE_NOT_FOUND', `there is no file ${name}`, details);
  if (error.code === 'EISDIR') return new InvalidValueError('INVALID_INPUT', `${name} is a directory`, details);
  return 'syscall' in error ? new AccessDeniedError('ACCESS_DENIED', `cannot read ${name}`, details) : error;
}
