/** Programs that some tests need beside Node: where they are, or why the tests are skipped. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Tool {
  /** Empty where there is none. */
  readonly path: string;
  /** What to put behind the name of a suite: why it is skipped, or nothing. */
  readonly absence: string;
}

export type ToolName =
  | 'nginx'
  | 'wrk'
  | 'openssl'
  | 'go'
  | 'caddy'
  | 'php-cgi'
  | 'lighttpd'
  | 'java'
  | 'tomcat10'
  | 'zsh'
  | 'fish';

/** Debian keeps servers out of an ordinary user's PATH; Go and Tomcat have folders of their own. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/go/bin', '/usr/share/tomcat10/bin'];

/**
 * Throws where the program is absent and `APIKEY_TEST_REQUIRE` names it.
 *
 * @param file the name of its file
 */
export function findTool(name: ToolName, file: string = name): Tool {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...FOLDERS];
  return found(
    name,
    folders.map((folder) => join(folder, file)),
  );
}

/** The package of that name, which bash runs without. */
export function findBashCompletion(): Tool {
  return found('bash-completion', ['/usr/share/bash-completion/bash_completion']);
}

function found(name: string, places: readonly string[]): Tool {
  const path = places.find((file) => existsSync(file));
  if (path !== undefined) return { path, absence: '' };
  if (requires(name)) throw new Error(`${name} is required, but it is not installed`);
  return { path: '', absence: ` (skipped: ${name} is not installed)` };
}

/** Whether `APIKEY_TEST_REQUIRE` names it. */
export function requires(name: string): boolean {
  return (process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/[\s,]+/).includes(name);
}
