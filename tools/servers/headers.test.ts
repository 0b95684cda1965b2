/** Names of header fields that real servers take for others: none of them says anything that a client may not say. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../../packages/cli/test/gateway-world.ts';
import { Session } from '../../packages/cli/test/session.ts';
import { foldName } from '../../packages/cli/src/serve/header-names.ts';
import { example } from './example.ts';
import { serverNamed, startCaddy, startNginx } from './servers.ts';
import { SiteFolder, speak } from './site.ts';

const OURS = ['X-Client-Id', 'X-Token-Id', 'X-Scopes'];
/** What the gateway drops, and the shipped configurations drop as well. */
const BELIEVED = [
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Client-Cert',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Remote-User',
  'Remote-User',
  'X-Webauth-User',
  'X-Middleware-Subrequest',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-Real-IP',
  'X-Envoy-External-Address',
  'X-Envoy-Original-Path',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Forwarded',
];
/** Every character of a field name (RFC 9110 section 5.6.2) that is no letter and no digit. */
const SEPARATORS = [..."-_.!#$%&'*+^`|~"];
const CLAIM = 'attacker';

/** The fields of the request that the server saw, by the name that it could be taken for. */
function seen(answer: string): readonly (readonly [name: string, value: string])[] {
  return [...answer.matchAll(/^([^\s=]+)=(.*?)\r?$/gm)].map(([, name = '', value = '']) => [
    foldName(name.replace(/^HTTP_/, '')),
    value,
  ]);
}

async function attack(url: string, token: string, jti: string): Promise<unknown[]> {
  const wrong: unknown[] = [];
  const judge = (what: string, answer: string): void => {
    const status = Number(answer.split(' ', 2)[1]);
    const fields = seen(answer);
    for (const [name, value] of fields) if (value.includes(CLAIM)) wrong.push({ what, name, value });
    if (status === 401 || status === 403) return;
    const own = fields.filter(([name]) => OURS.some((header) => foldName(header) === name));
    const expected = ['x-client-id=partner', 'x-scopes=plans:read', `x-token-id=${jti}`];
    const names = own.map((field) => field.join('=')).toSorted((one, other) => one.localeCompare(other));
    if (names.join() !== expected.join()) wrong.push({ what, status, own });
  };
  const credential = `Authorization: Bearer ${token}`;
  const plain = await speak(url, '/headers', [credential]);
  judge('nothing', plain);
  if (!plain.startsWith('HTTP/1.1 200')) wrong.push({ plain });
  for (const separator of SEPARATORS) {
    for (const header of [...OURS, ...BELIEVED]) {
      const name = header.replaceAll('-', separator);
      const lines = [`${name}: ${CLAIM}`, `${name.toLowerCase()}: ${CLAIM}`];
      judge(name, await speak(url, '/headers', [credential, ...lines]));
      judge(
        name,
        await speak(url, '/headers', [...lines, credential, `Connection: close, ${OURS.join(', ')}, ${name}`]),
      );
    }
  }
  return wrong;
}

/** The servers that answer /headers. */
const BACKENDS = ['Go http.FileServer', 'PHP', 'lighttpd', 'Starlette on uvicorn', 'Tomcat', 'Express'].map(
  serverNamed,
);
const LOCAL = ['127.0.0.1/32'];

describe('apikey serve --upstream', () => {
  for (const { name, absence, start } of BACKENDS) {
    it.skipIf(absence !== '')(`in front of ${name}${absence}`, async () => {
      using session = new Session();
      using folder = new SiteFolder();
      await using site = await start(folder);
      const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read');
      await using gateway = await startGateway(session, {
        log: 'off',
        upstream: {
          url: new URL(site.url),
          timeoutMillis: 10_000,
          forwardAuthorization: false,
          passHeaders: new Set(),
        },
      });
      expect(await attack(gateway.url, token, jti)).toEqual([]);
    });
  }
});

describe.each([
  ['nginx', 'nginx.conf', startNginx],
  ['Caddy', 'Caddyfile', startCaddy],
] as const)('the shipped configuration of %s', (proxy, file, startProxy) => {
  const { absence: noProxy } = serverNamed(proxy);
  for (const { name, absence: noBackend, start } of BACKENDS.slice(0, 3)) {
    const absence = noProxy === '' ? noBackend : noProxy;
    it.skipIf(absence !== '')(`in front of ${name}${absence}`, async () => {
      using session = new Session();
      using folder = new SiteFolder();
      using other = new SiteFolder();
      await using site = await start(folder);
      const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read');
      await using gateway = await startGateway(session, { trustProxy: LOCAL, log: 'off' });
      await using server = await startProxy(other, example(file, gateway.url, site.url));
      expect(await attack(server.url, token, jti)).toEqual([]);
    });
  }
});
