/**
 * `pnpm check:packages`: packs the three packages, installs them with npm into fresh folders outside of the workspace, and
 * holds them to a list of claims. Needs a build before it, and the registry.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONSUMER, consumerConfig } from './consumer.ts';
import { packageProblems, readPackage } from './manifest.ts';
import { run } from './run.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGES = ['shared', 'authorizer', 'cli'] as const;
type Name = (typeof PACKAGES)[number];
const COMPILERS = { 'TypeScript 5.9': 'typescript-5.9', 'TypeScript 7': 'typescript' };
/** What tests evaluate policies with: AGPL, so it must not come along. */
const TESTS_ONLY = 'node_modules/@cloud-copilot/';
/** What only the command line needs. */
const CLI_ONLY = ['commander', 'chalk', 'smol-toml', '@apikey/cli'];

const require = createRequire(import.meta.url);
const home = mkdtempSync(join(tmpdir(), 'apikey-packages-'));
const failures: string[] = [];

async function claim(text: string, holds: () => Promise<void>): Promise<void> {
  try {
    await holds();
    console.log(`ok      ${text}`);
  } catch (error) {
    failures.push(text);
    console.log(`FAILED  ${text}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

function must(holds: boolean, why: string): void {
  if (!holds) throw new Error(why);
}

/** The script behind a dependency's command. */
function program(dependency: string, bin: string): string {
  return join(ROOT, 'node_modules', dependency, bin);
}

async function pack(name: Name): Promise<string> {
  // Whoever runs this script is pnpm, and says where it is.
  const pnpm = process.env['npm_execpath'] ?? '';
  must(pnpm.includes('pnpm'), 'run this as `pnpm check:packages`');
  const folder = join(home, 'packed', name);
  const args = ['--config.verify-deps-before-run=false', 'pack', '--pack-destination', folder];
  // A program of its own since pnpm 12, a script before.
  const [executable, first] = /\.[cm]?js$/.test(pnpm) ? [process.execPath, [pnpm]] : [pnpm, []];
  await run(executable, [...first, ...args], { cwd: join(ROOT, 'packages', name) });
  const [tarball = ''] = readdirSync(folder);
  return join(folder, tarball);
}

/** A new folder outside of the workspace with these packages in it. */
async function installed(name: string, packages: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(home, `${name}-`));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: folder });
  return folder;
}

async function checkPacked(tarballs: Readonly<Record<Name, string>>): Promise<void> {
  for (const name of PACKAGES) {
    await claim(`@apikey/${name}: what is packed names no workspace, and holds no sources`, async () => {
      const problems = packageProblems(readPackage(tarballs[name]));
      must(problems.length === 0, problems.join('\n'));
    });
    await claim(`@apikey/${name}: publint, strict`, async () => {
      await run(process.execPath, [program('publint', 'src/cli.js'), 'run', '--strict', tarballs[name]], { cwd: home });
    });
  }
  for (const name of ['shared', 'authorizer'] as const) {
    await claim(`@apikey/${name}: types resolve from every subpath (attw, esm-only)`, async () => {
      const attw = program('@arethetypeswrong/cli', 'dist/index.js');
      await run(process.execPath, [attw, tarballs[name], '--profile', 'esm-only'], { cwd: home });
    });
  }
}

async function checkInstalled(tarballs: Readonly<Record<Name, string>>): Promise<void> {
  const folder = await installed('all', [...Object.values(tarballs), `@types/node@${typesVersion()}`]);
  const env = { ...withoutOwn(process.env), APIKEY_DATA_DIR: join(folder, 'data') };
  let token = '';
  await claim('npx apikey issue prints a token', async () => {
    token = (await run('npx', ['--no-install', 'apikey', 'issue', '--client', 'partner'], { cwd: folder, env })).trim();
    must(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(token), 'what it printed is no token');
  });
  await claim('nothing of what is installed is for tests alone', async () => {
    const listed = await run('npm', ['ls', '--all', '--parseable'], { cwd: folder });
    must(listed.includes('@apikey/cli') && !listed.includes(TESTS_ONLY), 'the evaluator of policies is installed');
  });
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  await claim('an authorizer imported from the packages accepts that token, and nothing else', async () => {
    for (const [presented, expected] of [
      [token, 'partner'],
      ['garbage', 'malformed'],
    ]) {
      const said = await run(process.execPath, ['consumer.ts'], { cwd: folder, env: { ...env, TOKEN: presented } });
      must(said.trim() === expected, `it said ${said}`);
    }
  });
  for (const [compiler, dependency] of Object.entries(COMPILERS)) {
    for (const module of ['nodenext', 'bundler'] as const) {
      await claim(`${compiler} checks a program against them (${module})`, async () => {
        writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig(module)));
        await run(process.execPath, [program(dependency, 'bin/tsc'), '-p', '.'], { cwd: folder });
      });
    }
  }
}

async function checkAlone(tarballs: Readonly<Record<Name, string>>): Promise<void> {
  await claim('the authorizer by itself brings in nothing of the command line', async () => {
    const folder = await installed('authorizer', [tarballs.shared, tarballs.authorizer]);
    const listed = await run('npm', ['ls', '--all', '--parseable'], { cwd: folder });
    const found = CLI_ONLY.filter((name) => listed.split('\n').some((path) => path.endsWith(`/node_modules/${name}`)));
    must(listed.includes('@apikey/authorizer') && found.length === 0, `it brings in ${found.join(', ')}`);
  });
}

function typesVersion(): string {
  const manifest: unknown = require('@types/node/package.json');
  return String(typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : '');
}

/** Without what would make a fresh folder less than fresh. */
function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(APIKEY_|npm_|NODE_OPTIONS$)/.test(name)));
}

try {
  const [shared = '', authorizer = '', cli = ''] = await Promise.all(PACKAGES.map(pack));
  const tarballs = { shared, authorizer, cli };
  await checkPacked(tarballs);
  await checkInstalled(tarballs);
  await checkAlone(tarballs);
} finally {
  rmSync(home, { recursive: true, force: true });
}
if (failures.length > 0) process.exitCode = 1;
