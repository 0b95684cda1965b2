/** `pnpm lint:cfn`: runs cfn-lint over infra/, from a virtual environment under the git-ignored `.cache/`. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../emulator/lock.ts';

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, '..', '..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CACHE = join(ROOT, '.cache', 'cfn-lint');
const INSTALL_TIMEOUT = 300_000;
const TEMPLATES = ['infra/template.yaml', 'infra/example-api.yaml'];

const commands = await install();
// Informational findings count as well: a template that other people deploy has no reason to keep any.
const lint = ['--include-checks', 'I', '--non-zero-exit-code', 'informational', ...TEMPLATES];
const child = spawn(join(commands, 'cfn-lint'), lint, { cwd: ROOT, stdio: 'inherit' });
child.on('error', (error) => {
  throw error;
});
child.on('close', (code) => {
  if (code === 0) process.stdout.write(`cfn-lint: ${TEMPLATES.join(', ')}: no findings\n`);
  process.exitCode = code ?? 1;
});

/** Installs the pinned release, once per set of pins, and returns the folder of its commands. */
async function install(): Promise<string> {
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const home = join(CACHE, pins);
  const bin = join(home, 'bin');
  const done = join(home, '.installed');
  if (existsSync(done)) return bin;
  mkdirSync(CACHE, { recursive: true });
  await withLock(`${home}.lock`, INSTALL_TIMEOUT, async () => {
    if (existsSync(done)) return;
    // What a killed installation left behind.
    rmSync(home, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', home], { timeout: INSTALL_TIMEOUT });
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet', '--retries', '2'];
    const pinned = ['--require-hashes', '--only-binary', ':all:', '-r', REQUIREMENTS];
    await run(join(bin, 'python'), [...pip, ...pinned], { timeout: INSTALL_TIMEOUT });
    writeFileSync(done, '');
  });
  return bin;
}
