/** A Hono app whose every route needs a live token; one of them a scope as well. */
import { fetchMiddleware, type Allowed, type Authorizer, type PublicAccess } from '@apikey/authorizer';
import { Hono, type Context } from 'hono';

type Decision = Allowed | PublicAccess;
type Env = { Variables: { decision: Decision } };

/** @param addressOf where a request came from, as the server knows it; a `Request` does not say */
export function createApp(authorizer: Authorizer, addressOf: (context: Context) => string | undefined): Hono<Env> {
  const protect = fetchMiddleware(authorizer, {
    routes: [
      { method: 'GET', path: '/', scopes: [] },
      { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
    ],
  });
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    const proceed = async (decision: Decision): Promise<void> => {
      context.set('decision', decision);
      await next();
    };
    const answer = await protect(context.req.raw, proceed, { sourceAddress: addressOf(context) });
    // 401, 403 or 503, if it did not proceed.
    return answer ?? undefined;
  });
  app.get('/', (context) => context.json({ hello: context.var.decision.client }));
  app.get('/plans/:id', (context) => context.json({ plan: context.req.param('id') }));
  return app;
}
