/** Takes a token in: from standard input, a file, or (with a warning) the command line. It is never shown again. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AccessDeniedError, InvalidValueError, MAX_TOKEN_LENGTH, NotFoundError } from '@apikey/shared';
import { isFile } from './config/locate.ts';
import type { Context } from './context.ts';
import { systemReason } from './failure.ts';
import { UsageError } from './usage-error.ts';

/** Enough to see that something is too long for a token; the rest is not read. */
const MAX_BYTES = 4 * MAX_TOKEN_LENGTH;

export interface TokenSource {
  /** A token, the name of a file, or `-` for standard input. */
  readonly argument?: string | undefined;
  /** `--token-file`. */
  readonly file?: string | undefined;
}

/**
 * One word without the space around it, and without `Bearer ` before it; of an oversized input its beginning, which is
 * still too long. Throws `INVALID_INPUT` for nothing and for several words.
 */
export async function readToken({ argument, file }: TokenSource, context: Context): Promise<string> {
  if (argument !== undefined && file !== undefined) {
    throw new UsageError('a token and --token-file exclude each other', { fix: 'give one of them' });
  }
  if (file !== undefined && file !== '-') return readFileToken(file, context);
  if (argument === undefined || argument === '-' || file === '-') return readStdin(context);
  return readArgument(argument, context);
}

async function readArgument(argument: string, context: Context): Promise<string> {
  const looksLikeToken = /eyJ|\..*\./.test(argument);
  if (!looksLikeToken || argument.includes('/')) {
    const path = resolve(context.io.cwd, argument);
    if (argument.includes('/') || isFile(path)) return readFileToken(argument, context);
  }
  if (looksLikeToken) {
    context.terminal.warn(
      `${context.terminal.aside.yellow('warning:')} the token is in the shell history now; give it on standard input or in a file`,
    );
  }
  return oneToken(argument, 'the argument');
}

async function readStdin({ io, terminal, inputAllowed }: Context): Promise<string> {
  if (io.stdin.isTTY) {
    if (!inputAllowed) {
      throw new UsageError('no token was given', {
        fix: 'send it to standard input, or name its file with --token-file',
      });
    }
    terminal.warn('Paste the token, then press Enter and Ctrl-D:');
  }
  return oneToken(await readBounded(io.stdin.stream()), 'standard input');
}

async function readFileToken(name: string, { io }: Context): Promise<string> {
  try {
    return oneToken(await readBounded(createReadStream(resolve(io.cwd, name))), name);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const details = { why: systemReason(error), fix: 'name the file that holds the token', cause: error };
    // A name that is too long is most likely the token itself, given where its file belongs.
    if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENAMETOOLONG')) {
      throw new NotFoundError('FILE_NOT_FOUND', `there is no file ${name}`, details);
    }
    if ('code' in error && error.code === 'EISDIR') {
      throw new InvalidValueError('INVALID_INPUT', `${name} holds no token`, details);
    }
    throw new AccessDeniedError('ACCESS_DENIED', `cannot read ${name}`, details);
  }
}

async function readBounded(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > MAX_BYTES) break;
  }
  return Buffer.concat(chunks)
    .subarray(0, MAX_BYTES + 1)
    .toString('utf8');
}

function oneToken(text: string, place: string): string {
  if (text.length > MAX_BYTES) return text;
  const words = text
    .trim()
    .replace(/^(authorization:\s*)?bearer\s+/i, '')
    .split(/\s+/);
  const [token = ''] = words;
  if (words.length === 1 && token !== '') return token;
  throw new InvalidValueError('INVALID_INPUT', `${place} holds ${token === '' ? 'no token' : 'more than one token'}`, {
    why: token === '' ? 'it is empty' : `${words.length} words were found where one token was expected`,
    fix: 'give exactly one token',
  });
}
