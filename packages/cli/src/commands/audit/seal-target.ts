/** Where `apikey audit seal --to` puts a copy of the seal: a file, a new file in a directory, or a parameter. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InvalidValueError } from '@apikey/shared';
import { MAX_PARAMETER_CHARACTERS, putParameter } from '../../backends/parameters.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { parseFlag } from '../../command-line/parse-flag.ts';
import type { Settings } from '../../config/resolve.ts';
import { ownFile } from '../../delivery/file.ts';
import { parseStoreUri } from '../../delivery/store-uri.ts';
import type { Io } from '../../io.ts';
import { UsageError } from '../../usage-error.ts';

const PARAMETER = 'ssm:';

export type SealTarget =
  | { readonly kind: 'file'; readonly path: string; readonly force: boolean }
  | { readonly kind: 'parameter'; readonly path: string };

/** A place that is ready to take a seal. */
export interface SealPlace {
  /** Characters that it takes; absent = any number. */
  readonly maxLength: number | undefined;
  /** Throws where `put` would have no chance. */
  check(): Promise<void>;
  /** Resolves with the name of what was written. */
  put(seal: string, at: string): Promise<string>;
}

export function parseSealTarget(flags: FlagValues): SealTarget | undefined {
  const to = flags.text('to');
  const force = flags.on('force');
  const parameter = to?.startsWith(PARAMETER) === true;
  if (force && (to === undefined || parameter)) {
    throw new UsageError('--force needs --to FILE', { why: 'it replaces that file', fix: 'add --to FILE' });
  }
  if (to === undefined) return undefined;
  if (to === '' || to === '-') {
    throw new UsageError('--to needs a file, a directory, or ssm:/PATH', {
      fix: 'leave --to out to get the seal on standard output',
    });
  }
  return parameter ? { kind: 'parameter', path: parseFlag('--to', to, parsePath) } : { kind: 'file', path: to, force };
}

export function sealPlace(target: SealTarget, settings: Settings, io: Io): SealPlace {
  if (target.kind === 'parameter') {
    const { path } = target;
    return {
      maxLength: MAX_PARAMETER_CHARACTERS,
      check: async () => {},
      put: async (seal) => `${PARAMETER}${path}, version ${await putParameter(settings, path, seal)}`,
    };
  }
  const path = resolve(io.cwd, target.path);
  const pathAt = target.path.endsWith('/') || isDirectory(path) ? (at: string) => join(path, fileName(at)) : () => path;
  const file = (at: string): ReturnType<typeof ownFile> => ownFile(pathAt(at), { what: 'seal', replace: target.force });
  return {
    maxLength: undefined,
    check: () => file(new Date(io.clock.now()).toISOString()).check(),
    put: async (seal, at) => {
      await file(at).write(`${seal}\n`);
      return pathAt(at);
    },
  };
}

/** Without colons, which not every file system takes. */
function fileName(at: string): string {
  return `seal-${at.replaceAll(':', '-')}.jws`;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function parsePath(uri: string): string {
  const store = parseStoreUri(uri);
  if (store.scheme === 'ssm') return store.path;
  throw new InvalidValueError('INVALID_INPUT', 'a seal goes into no such store');
}
