/** Reads a list of token ids: one a line, `#` begins a comment. The whole file is checked before anything is done. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { AccessDeniedError, InvalidValueError, NotFoundError, isJti } from '@apikey/shared';
import type { Context } from '../../context.ts';
import { systemReason } from '../../failure.ts';

/** How many bad lines an error names. */
const NAMED = 10;

/** The ids in the order of the file, each once. */
export async function readJtis(file: string, { io }: Pick<Context, 'io'>): Promise<string[]> {
  const input = file === '-' ? io.stdin.stream() : createReadStream(resolve(io.cwd, file));
  const name = file === '-' ? 'standard input' : file;
  const jtis = new Set<string>();
  const bad: number[] = [];
  let line = 0;
  try {
    // `readline` swallows the errors of its input, so they are waited for beside it.
    const lines = createInterface({ input, crlfDelay: Infinity });
    const failed = new Promise<never>((_, reject) => input.once('error', reject));
    failed.catch(() => lines.close());
    const read = (async () => {
      for await (const text of lines) {
        line += 1;
        const jti = text
          .replace(/^\uFEFF/, '')
          .replace(/#.*/, '')
          .trim()
          .toLowerCase();
        if (jti === '') continue;
        if (isJti(jti)) jtis.add(jti);
        else bad.push(line);
      }
    })();
    await Promise.race([read, failed]);
  } catch (error) {
    throw unreadable(name, error);
  }
  if (bad.length > 0) throw badLines(name, bad);
  if (jtis.size > 0) return [...jtis];
  throw new InvalidValueError('INVALID_INPUT', `${name} holds no token id`, {
    why: 'it is empty, or holds comments alone',
    fix: 'write one jti a line; apikey list | cut -f1 prints some',
  });
}

/** The lines are not repeated: somebody may have put tokens into the file. */
function badLines(name: string, bad: readonly number[]): InvalidValueError {
  const [first] = bad;
  const others = bad.slice(1, NAMED).join(', ') + (bad.length > NAMED ? ', ...' : '');
  return new InvalidValueError('INVALID_JTI', `${name}:${first}: this is not a token id`, {
    why:
      'a token id (jti) is a UUID like 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11' +
      (others === '' ? '' : `; the same holds for line ${others}`),
    fix: 'correct the file; nothing was revoked',
  });
}

function unreadable(name: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  const details = { why: systemReason(error), fix: 'name a file with one jti a line', cause: error };
  if (error.code === 'ENOENT') return new NotFoundError('FILE_NOT_FOUND', `there is no file ${name}`, details);
  if (error.code === 'EISDIR') return new InvalidValueError('INVALID_INPUT', `${name} is a directory`, details);
  return new AccessDeniedError('ACCESS_DENIED', `cannot read ${name}`, details);
}
