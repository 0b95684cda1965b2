/** Every request target of the corpus, through everything that guards, to real servers: what was judged is what is served. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { compileRoutes, createAuthorizer, nodeMiddleware } from '../../packages/authorizer/src/index.ts';
import { localKeys, localStatus } from '../../packages/authorizer/src/local/index.ts';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../../packages/cli/test/gateway-world.ts';
import { bodyOf, REQUEST_TARGETS, RESOURCES, ROUTES } from '../../packages/cli/test/request-targets.ts';
import { Session } from '../../packages/cli/test/session.ts';
import { serverNamed, SERVERS, startCaddy, startNginx } from './servers.ts';
import { example } from './example.ts';
import { portOf, SiteFolder, speak, type Site } from './site.ts';

const SCOPES: readonly (readonly string[])[] = [[], ['plans:read'], ['admin:all'], ['plans:read', 'admin:all']];
const AT_ONCE = 16;
const LOCAL = ['127.0.0.1/32'];

interface Holder {
  readonly scopes: readonly string[];
  readonly token: string;
}

async function holders(session: Session): Promise<Holder[]> {
  const all: Holder[] = [];
  for (const scopes of SCOPES) {
    const { token } = await session.issue('--client', 'partner', ...scopes.flatMap((scope) => ['--scope', scope]));
    all.push({ scopes, token });
  }
  return all;
}

/** What a server gave: the resources of the site whose text is in its answer. */
function served(answer: string): readonly (typeof RESOURCES)[number][] {
  return RESOURCES.filter((resource) => answer.includes(bodyOf(resource)));
}

async function forAll<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
    }),
  );
}

/** Sends the whole corpus with each token, and returns what somebody got who may not have it. */
async function attack(url: string, tokens: readonly Holder[]): Promise<{ wrong: unknown[]; harmless: number }> {
  const wrong: unknown[] = [];
  let harmless = 0;
  const cases = tokens.flatMap((holder) => REQUEST_TARGETS.map((target) => ({ ...target, holder })));
  await forAll(cases, async ({ target, kind, holder: { scopes, token } }) => {
    const answer = await speak(url, target, [`Authorization: Bearer ${token}`]);
    for (const resource of served(answer)) {
      if (resource.scopes.every((scope) => scopes.includes(scope))) harmless += kind === 'harmless' ? 1 : 0;
      else wrong.push({ target, scopes, got: resource.path });
    }
  });
  return { wrong, harmless };
}

/** What is expected of every guard. With all scopes the plain targets must be there, or nothing was tried at all. */
const HELD = { wrong: [], harmless: true };

async function outcome(url: string, session: Session): Promise<unknown> {
  const { wrong, harmless } = await attack(url, await holders(session));
  return { wrong, harmless: harmless > 10 };
}

it('the corpus is large enough', () => {
  expect(REQUEST_TARGETS.length).toBeGreaterThanOrEqual(300);
});

describe('without a guard', () => {
  for (const name of ['Go http.FileServer', 'Go path.Clean', 'Starlette on uvicorn']) {
    const { absence, start } = serverNamed(name);
    it.skipIf(absence !== '')(
      `${name} reads targets otherwise, or the corpus would show nothing${absence}`,
      async () => {
        using folder = new SiteFolder();
        await using site = await start(folder);
        expect(await speak(site.url, '/status#/../admin/secret.txt')).toContain('resource /admin/secret.txt');
      },
    );
  }
});

describe('apikey serve --upstream', () => {
  for (const { name, absence, start } of SERVERS) {
    it.skipIf(absence !== '')(`in front of ${name}${absence}`, async () => {
      using session = new Session();
      using folder = new SiteFolder();
      await using site = await start(folder);
      await using gateway = await startGateway(session, {
        routes: compileRoutes(ROUTES),
        log: 'off',
        upstream: {
          url: new URL(site.url),
          timeoutMillis: 10_000,
          forwardAuthorization: false,
          passHeaders: new Set(),
        },
      });
      expect(await outcome(gateway.url, session)).toEqual(HELD);
    });
  }
});

describe.each([
  ['nginx', 'nginx.conf', startNginx],
  ['Caddy', 'Caddyfile', startCaddy],
] as const)('the shipped configuration of %s', (proxy, file, startProxy) => {
  const { absence: noProxy } = serverNamed(proxy);
  for (const backend of ['Go path.Clean', 'Go http.FileServer', 'PHP', 'Tomcat']) {
    const { absence: noBackend, start } = serverNamed(backend);
    const absence = noProxy === '' ? noBackend : noProxy;
    it.skipIf(absence !== '')(`in front of ${backend}${absence}`, async () => {
      using session = new Session();
      using folder = new SiteFolder();
      using other = new SiteFolder();
      await using site = await start(folder);
      await using gateway = await startGateway(session, {
        routes: compileRoutes(ROUTES),
        trustProxy: LOCAL,
        log: 'off',
      });
      await using server = await startProxy(other, example(file, gateway.url, site.url));
      expect(await outcome(server.url, session)).toEqual(HELD);
    });
  }
});

describe('nodeMiddleware', () => {
  /** Guards a server that fetches what it is asked for: the path goes on as the framework has it. */
  async function guarded(session: Session, handle: (path: string) => string | undefined): Promise<Site> {
    const { dataDir } = session;
    const authorizer = createAuthorizer({
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      status: localStatus({ dataDir }),
      keys: localKeys({ dataDir }),
      clock: { wall: () => session.now, monotonic: () => performance.now() },
    });
    const guard = nodeMiddleware(authorizer, { routes: ROUTES });
    const server = createServer((request, response) =>
      guard(request, response, () => {
        const body = handle(request.url ?? '');
        response.writeHead(body === undefined ? 404 : 200).end(body);
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `http://127.0.0.1:${portOf(server)}`,
      [Symbol.asyncDispose]: async () => {
        server.close().closeAllConnections();
      },
    };
  }

  it('in front of a handler that resolves paths as URLs do', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    await using site = await guarded(session, (path) => {
      const url = URL.parse(path.replaceAll('#', ''), 'http://localhost');
      const found = RESOURCES.find((resource) => decodeURI(url?.pathname ?? '') === resource.path);
      return found === undefined ? undefined : bodyOf(found);
    });
    expect(await outcome(site.url, session)).toEqual(HELD);
  });
});
