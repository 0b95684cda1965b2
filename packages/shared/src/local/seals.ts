/** Seals in the data directory: one file each, complete or not there, in `seals/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../jose/digest.ts';
import type { SealStore } from '../ports/seal-store.ts';
import { writeNewFile } from './durable-files.ts';
import { errnoOf, translateFileError } from './file-errors.ts';

/** Its time and the first half of its hash: files sort by time, and two seals of one time have two names. */
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9a-f]{32}\.jws$/;

export function localSealStore({ dataDir }: { readonly dataDir: string }): SealStore {
  const directory = join(dataDir, 'seals');
  return {
    put: async (at, seal) => {
      const path = join(directory, `${at.replaceAll(':', '-')}-${sha256Hex(seal).slice(0, 32)}.jws`);
      try {
        writeNewFile(path, `${seal}\n`);
      } catch (error) {
        // Files are never there in part: what has this name is this seal.
        if (errnoOf(error) !== 'EEXIST' || !existsSync(path)) throw translateFileError(error, 'the seal', path);
      }
    },
    latest: async () => {
      try {
        const newest = namesIn(directory).toSorted().at(-1);
        return newest === undefined ? undefined : readFileSync(join(directory, newest), 'utf8').trim();
      } catch (error) {
        throw translateFileError(error, 'the seals', directory);
      }
    },
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => NAME.test(name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
