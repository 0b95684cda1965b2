/** What the gateway answers by itself, beside decisions: keys, health, metrics, introspection and revocation. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { answerFault } from '@apikey/authorizer';
import { problem, respond } from './answers.ts';
import type { KeySet } from './key-set.ts';
import type { OAuthEndpoint } from './oauth/form.ts';
import type { Peers } from './peers.ts';

export interface EndpointsOptions {
  readonly keySet: KeySet;
  readonly peers: Peers;
  readonly introspect: OAuthEndpoint;
  /** Absent = nobody may revoke here. */
  readonly revoke: OAuthEndpoint | undefined;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  /** Whether the gateway is about to end. */
  readonly isDraining: () => boolean;
  readonly onFault: (error: unknown) => void;
}

export type Env = { readonly Bindings: HttpBindings };

/** The paths, with the methods that they take. HEAD goes with GET. */
export const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  '/.well-known/jwks.json': ['GET', 'HEAD'],
  '/introspect': ['POST'],
  '/revoke': ['POST'],
  '/healthz': ['GET', 'HEAD'],
  '/readyz': ['GET', 'HEAD'],
  '/metrics': ['GET', 'HEAD'],
};

/** A new key is shown ten minutes before it signs, so that this is early enough; see `KEY_SETTLING_SECONDS`. */
const JWKS_MAX_AGE_SECONDS = 300;

export function endpoints(options: EndpointsOptions): Hono<Env> {
  const { keySet, peers, introspect, revoke, metrics, isDraining, onFault } = options;
  const app = new Hono<Env>();
  app.get('/.well-known/jwks.json', async (c) => {
    const { body, etag } = await keySet.published();
    const headers = { etag, 'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}` };
    if (matches(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
    return new Response(body, { headers: { ...headers, 'content-type': 'application/jwk-set+json' } });
  });
  app.get('/healthz', () => status(200, 'ok'));
  app.get('/readyz', async () => {
    if (isDraining()) return status(503, 'draining');
    try {
      await keySet.requireReadable();
      return status(200, 'ready');
    } catch (error) {
      onFault(error);
      return status(503, 'registry or keys out of reach');
    }
  });
  app.get('/metrics', async (c) => {
    if (!peers.isLocal(c.env.incoming)) return respond(problem(403));
    return new Response(await metrics.text(), {
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
    });
  });
  app.post('/introspect', (c) => introspect(c.req.raw, c.env.incoming));
  if (revoke !== undefined) app.post('/revoke', (c) => revoke(c.req.raw, c.env.incoming));
  app.notFound(() => respond(problem(404)));
  app.onError((error) => {
    onFault(error);
    return respond(answerFault());
  });
  return app;
}

function status(code: number, word: string): Response {
  return Response.json({ status: word }, { status: code, headers: { 'cache-control': 'no-store' } });
}

/** RFC 9110 section 13.1.2, where a weak comparison is asked for. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const given = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return given.includes(etag) || given.includes('*');
}
