/** What the gateway reads itself takes a limited time, and where it listens. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../src/serve/server.ts';
import { startGateway } from './gateway-world.ts';
import { findTool } from './required-tools.ts';
import { Session } from './session.ts';

const openssl = findTool('openssl');

/** However it ends; `once` would take a reset for a failure. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

it('the limits are those of the documentation', () => {
  expect(LIMITS).toEqual({ body: 10_000, tlsHandshake: 10_000 });
});

describe('a body that the gateway reads', () => {
  it.each(['/introspect', '/revoke'])('for %s ends after its time, however it trickles', async (path) => {
    using session = new Session();
    await using gateway = await startGateway(session, {
      limits: { ...LIMITS, body: 50 },
      openForRevoking: () => Promise.reject(new Error('nothing is revoked here')),
    });
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1').setEncoding('latin1');
    const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 1000'];
    socket.write([`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...form, '', 'token=x'].join('\r\n'));
    const trickle = setInterval(() => socket.write('x'), 10);
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (text: string) => (answer += text));
    await closed(socket);
    clearInterval(trickle);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });
});

describe.skipIf(openssl.path === '')(`a TLS handshake${openssl.absence}`, () => {
  it('ends after its time', async () => {
    using session = new Session();
    const [key, cert] = [join(session.home, 'key.pem'), join(session.home, 'cert.pem')];
    const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=gateway.test'];
    execFileSync(openssl.path, ['req', '-x509', ...algorithm, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    await using gateway = await startGateway(session, {
      limits: { ...LIMITS, tlsHandshake: 50 },
      tls: { cert: readFileSync(cert), key: readFileSync(key) },
    });
    const silent = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
    silent.resume();
    await closed(silent);
    const plain = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
    plain.write('GET / HTTP/1.1\r\n\r\n');
    plain.resume();
    await closed(plain);
    await gateway.stop();
    expect(gateway.log).toEqual([]);
  });
});

describe('a Unix socket', () => {
  it('is listened at, and its peers say where requests come from if they are trusted', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await session.run(['clients', 'set', 'partner', '--cidr', '203.0.113.0/24']);
    const socketPath = join(session.home, 'gateway.sock');
    const statusOf = async (path: string, forwarded?: string): Promise<number | undefined> => {
      const headers: Record<string, string> = { authorization: `Bearer ${token}` };
      if (forwarded !== undefined) headers['x-forwarded-for'] = forwarded;
      const sent = request({ socketPath, path, headers, agent: false }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    for (const [trustProxy, expected] of [
      [['unix'], [200, 403, 403]],
      [['127.0.0.0/8'], [403, 403, 403]],
    ] as const) {
      await using gateway = await startGateway(session, { host: `unix:${socketPath}`, trustProxy });
      const seen = [await statusOf('/authorize', '203.0.113.7'), await statusOf('/authorize')];
      // No one knows who is at the other end.
      expect([...seen, await statusOf('/metrics')]).toEqual(expected);
      await gateway.stop();
      expect(existsSync(socketPath)).toBe(false);
    }
  });
});
