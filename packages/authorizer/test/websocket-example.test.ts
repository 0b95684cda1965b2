/** `examples/websocket` as a real process: who opens a connection, and that no client ends the server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { localEnvironment, type LocalEnvironment } from './local-environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

let environment: LocalEnvironment;
let server: ChildProcess;
let origin: URL;
let reader: { readonly token: string; readonly jti: string };

beforeAll(async () => {
  environment = await localEnvironment();
  reader = await environment.issue({ scopes: ['plans:read'] });
  const file = fileURLToPath(new URL('../../../examples/websocket/server.ts', import.meta.url));
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
  origin = new URL(/^listening on (http:\S+)$/.exec(value ?? '')?.[1] ?? '');
});

afterAll(async () => {
  server.kill();
  await environment[Symbol.asyncDispose]();
});

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
};

interface Refused {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly body: string;
}

/** What an upgrade is answered with in place of a connection. */
async function refused(path: string, headers: Record<string, string | string[]> = {}): Promise<Refused> {
  const sent = request(new URL(path, origin), { headers: { ...HANDSHAKE, ...headers } });
  sent.end();
  const { response, socket } = await new Promise<{ response?: import('node:http').IncomingMessage; socket?: unknown }>(
    (resolve, reject) => {
      sent.on('response', (incoming) => resolve({ response: incoming }));
      sent.on('upgrade', (_, opened) => resolve({ socket: opened.destroy() }));
      sent.on('error', reject);
    },
  );
  if (response === undefined) throw new Error(`opened: ${String(socket)}`);
  const body = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode, challenge: response.headers['www-authenticate'], body };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a live token opens a connection, which knows whose it is', async () => {
  const socket = new WebSocket(new URL('/live/7', origin.href.replace('http', 'ws')), {
    headers: bearer(reader.token),
  });
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  await once(socket, 'message');
  socket.send('echo');
  await once(socket, 'message');
  expect(messages).toEqual(['{"hello":"partner"}', 'echo']);
  socket.close();
  await once(socket, 'close');
});

test('nothing else does, and is answered as any request would be', async () => {
  const other = await environment.issue();
  await expect(refused('/live/7')).resolves.toMatchObject({ status: 401, challenge: 'Bearer' });
  await expect(refused(`/live/7?access_token=${reader.token}`)).resolves.toMatchObject({ status: 401 });
  const invalid = { status: 401, challenge: 'Bearer error="invalid_token"' };
  await expect(refused('/live/7', bearer(`${reader.token}x`))).resolves.toMatchObject(invalid);
  await expect(
    refused('/live/7', { authorization: ['a', 'b'].map(() => `Bearer ${reader.token}`) }),
  ).resolves.toMatchObject(invalid);
  await expect(refused('/live/7', { 'sec-websocket-protocol': reader.token })).resolves.toMatchObject({ status: 401 });
  await expect(refused('/live/7', bearer(other.token))).resolves.toMatchObject({ status: 403 });
  for (const path of ['/', '/live', '/Live/7', '/live/../live/7', '/live/%2e%2e/7', '//live/7']) {
    const sent = { ...bearer(reader.token) };
    // oxlint-disable-next-line no-await-in-loop
    const { status, body } = await rawUpgrade(path, sent);
    expect([path, status, body.includes('"status":403')]).toEqual([path, 403, true]);
  }
});

/** Sends the path as it is written, which no URL would leave alone. */
async function rawUpgrade(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const socket = connect(Number(origin.port), origin.hostname);
  const lines = Object.entries({ host: origin.host, ...HANDSHAKE, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const text = Buffer.concat(await socket.toArray()).toString();
  return { status: Number(text.split(' ')[1]), body: text };
}

test('a registry that is away is 503, and clients that break off harm nobody', async () => {
  const [here, away] = ['registry.db', 'away.db'].map((name) => join(environment.dataDir, name)) as [string, string];
  await rename(here, away);
  await expect(refused('/live/7', bearer(reader.token))).resolves.toMatchObject({ status: 503 });
  await rename(away, here);
  for (let n = 0; n < 20; n += 1) {
    const socket = connect(Number(origin.port), origin.hostname);
    socket.write(
      `GET /live/7 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n${n % 2 === 0 ? `authorization: Bearer ${reader.token}\r\n` : ''}\r\n`,
    );
    // oxlint-disable-next-line no-await-in-loop
    await once(socket, 'connect');
    socket.resetAndDestroy();
  }
  await expect(refused('/live/7')).resolves.toMatchObject({ status: 401 });
  expect(server.exitCode).toBeNull();
});
