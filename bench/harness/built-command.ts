/** Where the built `apikey` command lies. */
import { join } from 'node:path';

export const BIN: string = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'dist', 'bin.js');
