/** `examples/node-server` as a real process, with tokens that the command line issues and revokes. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SERVER = fileURLToPath(new URL('../../../examples/node-server/server.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../cli/src/bin.ts', import.meta.url));
const FROM_SOURCE = ['--conditions=@apikey/source'];

let dataDir = '';
let url = '';
let server: ChildProcess | undefined;

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('APIKEY_'));
  return { ...Object.fromEntries(inherited), APIKEY_DATA_DIR: dataDir, PORT: '0' };
}

/** Runs `apikey` and gives what it printed. */
async function apikey(...args: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [...FROM_SOURCE, CLI, ...args], { env: environment(), cwd: dataDir });
  return stdout.trim();
}

async function ask(authorization?: string): Promise<Response> {
  return fetch(url, authorization === undefined ? {} : { headers: { authorization } });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'apikey-example-'));
  const child = spawn(process.execPath, [...FROM_SOURCE, SERVER], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  server = child;
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  url = /^listening on (http:\S+)$/.exec(value ?? '')?.[1] ?? '';
  expect(url).not.toBe('');
});

afterAll(async () => {
  server?.kill();
  await rm(dataDir, { recursive: true, force: true });
});

describe('the example server', () => {
  test('greets the client of a fresh token, and nobody without one', async () => {
    const token = await apikey('issue', '--client', 'partner', '--scope', 'plans:read', '--quiet');
    const greeting = await ask(`Bearer ${token}`);
    expect(greeting.status).toBe(200);
    await expect(greeting.json()).resolves.toEqual({ hello: 'partner', scopes: ['plans:read'] });
    const without = await ask();
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const [head, payload = '', signature] = token.split('.');
    const claims = Buffer.from(payload, 'base64url').toString().replaceAll('partner', 'another');
    const tampered = [head, Buffer.from(claims).toString('base64url'), signature].join('.');
    const denied = await ask(`Bearer ${tampered}`);
    expect([denied.status, denied.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  test('turns a token away from the first request after its revocation on', async () => {
    const token = await apikey('issue', '--client', 'former', '--quiet');
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    const [, payload = ''] = token.split('.');
    const { jti }: { jti: string } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    await apikey('revoke', jti, '--yes', '--quiet');
    const answer = await ask(`Bearer ${token}`);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  test('is out of service while the registry is away, and back with it', async () => {
    const token = await apikey('issue', '--client', 'patient', '--quiet');
    const [file, away] = ['registry.db', 'away.db'].map((name) => join(dataDir, name));
    await rename(file ?? '', away ?? '');
    const answer = await ask(`Bearer ${token}`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await ask('Bearer garbage')).status).toBe(401);
    await rename(away ?? '', file ?? '');
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });
});
