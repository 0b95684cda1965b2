/** `examples/hono` and `examples/express` as real processes, on the embedded backend. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localEnvironment, type LocalEnvironment } from './local-environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

describe.each(['hono', 'express'])('the example with %s', (name) => {
  let environment: LocalEnvironment;
  let server: ChildProcess | undefined;
  let url = '';

  beforeAll(async () => {
    environment = await localEnvironment();
    const file = fileURLToPath(new URL(`../../../examples/${name}/server.ts`, import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@apikey/source', file], {
      env: {
        PATH: process.env['PATH'] ?? '',
        APIKEY_DATA_DIR: environment.dataDir,
        APIKEY_ISSUER: ISSUER,
        APIKEY_AUDIENCE: AUDIENCE,
        PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server = child;
    const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    url = /^listening on (http:\S+)$/.exec(value ?? '')?.[1] ?? '';
    expect(url).not.toBe('');
  });

  afterAll(async () => {
    server?.kill();
    await environment[Symbol.asyncDispose]();
  });

  const ask = async (path: string, token?: string): Promise<[number, string | null, unknown]> => {
    const answer = await fetch(
      url + path,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    );
    return [answer.status, answer.headers.get('www-authenticate'), await answer.json()];
  };

  test('greets the client of a live token, and nobody else', async () => {
    const { token } = await environment.issue();
    await expect(ask('/', token)).resolves.toEqual([200, null, { hello: 'partner' }]);
    await expect(ask('/')).resolves.toMatchObject([401, 'Bearer', { status: 401 }]);
    await expect(ask('/', `${token}x`)).resolves.toMatchObject([401, 'Bearer error="invalid_token"', {}]);
  });

  test('shows plans to those that have the scope', async () => {
    const [reader, other] = [await environment.issue({ scopes: ['plans:read'] }), await environment.issue()];
    await expect(ask('/plans/7', reader.token)).resolves.toEqual([200, null, { plan: '7' }]);
    await expect(ask('/plans/7', other.token)).resolves.toMatchObject([403, expect.stringContaining('scope'), {}]);
  });

  test('takes no other spelling of a path for one that it guards', async () => {
    const { token } = await environment.issue({ scopes: ['plans:read'] });
    for (const path of ['/Plans/7', '/plans%2f7', '//plans/7', '/plans/..%2f7', '/PLANS/7/']) {
      expect((await ask(path, token))[0]).toBe(403);
    }
  });
});
