/** What the index must not bring along: a deployed authorizer has no database and makes no keys. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** The built-in modules that are loaded once a module of ours is. */
async function builtinsOf(entry: string): Promise<string[]> {
  const file = fileURLToPath(new URL(entry, import.meta.url));
  const script = `await import(${JSON.stringify(file)}); console.log(JSON.stringify(process.moduleLoadList));`;
  const args = ['--conditions=@apikey/source', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const loaded: unknown = JSON.parse(stdout);
  return Array.isArray(loaded) ? loaded.map(String) : [];
}

test('the index loads no SQLite, which only the local sources need', async () => {
  const index = await builtinsOf('../src/index.ts');
  expect(index).toContain('NativeModule crypto');
  expect(index).not.toContain('NativeModule sqlite');
  // The guard sees what it looks for where it is.
  await expect(builtinsOf('../src/local/index.ts')).resolves.toContain('NativeModule sqlite');
});
