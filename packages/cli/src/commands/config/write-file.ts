/** Writes a configuration file, which is checked before as if it were in force. */
import { randomBytes } from 'node:crypto';
import { mkdir, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AccessDeniedError } from '@apikey/shared';
import { parseConfig } from '../../config/file.ts';
import { settingsFrom } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { systemReason } from '../../failure.ts';

/** Throws `CONFIG_INVALID` or `ENV_UNKNOWN` as a command would that meets the file. */
export function checkConfig(
  path: string,
  content: string,
  env: string | undefined,
  { io }: Pick<Context, 'io'>,
): string {
  // Variables are stronger than a file, and would hide what is wrong with it.
  const own = Object.fromEntries(Object.entries(io.env).filter(([name]) => !name.startsWith('APIKEY_')));
  const settings = settingsFrom([parseConfig(path, content)], { env, config: undefined }, { env: own, cwd: io.cwd });
  return settings.env.value;
}

export async function createConfig(path: string, content: string): Promise<void> {
  await explained(path, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, content, { flag: 'wx', mode: 0o644 });
  });
}

/** Readers see the old file or the new one; its mode stays, and a link still leads to it. */
export async function replaceConfig(path: string, content: string): Promise<void> {
  await explained(path, async () => {
    const file = await realpath(path);
    const temporary = `${file}.${randomBytes(6).toString('hex')}`;
    const { mode } = await stat(file);
    await writeFile(temporary, content, { flag: 'wx', mode: mode & 0o777 });
    try {
      await rename(temporary, file);
    } catch (error) {
      await unlink(temporary);
      throw error;
    }
  });
}

async function explained(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new AccessDeniedError('ACCESS_DENIED', `the configuration file ${path} could not be written`, {
      why: systemReason(error),
      fix: 'make its directory writable for you, or name another file with --config',
      cause: error,
    });
  }
}
