/** Programs that some tests need beside Node: where they are, or why the tests are skipped. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Tool {
  /** Empty where there is none. */
  readonly path: string;
  /** What to put behind the name of a suite: why it is skipped, or nothing. */
  readonly absence: string;
}

/** Throws where the program is absent and `APIKEY_TEST_REQUIRE` names it. */
export function findTool(name: 'nginx' | 'wrk' | 'openssl'): Tool {
  // Debian keeps servers out of an ordinary user's PATH.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (path !== undefined) return { path, absence: '' };
  if ((process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/[\s,]+/).includes(name)) {
    throw new Error(`${name} is required, but it is not installed`);
  }
  return { path: '', absence: ` (skipped: ${name} is not installed)` };
}
