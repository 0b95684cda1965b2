/** Puts the gateway together: sources, authorizer, endpoints, proxy, server. */
import { getRequestListener } from '@hono/node-server';
import { AuthorizerFault, createAuthorizer, type RouteTable } from '@apikey/authorizer';
import type { OperationDeps, PublicKeySource, StatusReader, UsageRecorder } from '@apikey/shared';
import { decisionLine, Lines, revocationLine, type LogFormat } from './decision-log.ts';
import { Decisions } from './decisions.ts';
import { endpoints } from './endpoints.ts';
import { forwardAuth } from './forward-auth.ts';
import { front } from './front.ts';
import { KeySet } from './key-set.ts';
import { Metrics } from './metrics.ts';
import { introspectEndpoint } from './oauth/introspect.ts';
import { revokeEndpoint } from './oauth/revoke.ts';
import { observedReader } from './observed-reader.ts';
import { Peers } from './peers.ts';
import { GatewayServer, type ListenOptions } from './server.ts';
import { createProxy } from './upstream/proxy.ts';
import { reverseProxy } from './upstream/reverse-proxy.ts';

export interface GatewayOptions extends ListenOptions {
  readonly status: StatusReader;
  readonly keys: PublicKeySource;
  /** Absent = uses are not recorded. */
  readonly usage: UsageRecorder | undefined;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds, all of them. */
  readonly maxLifetime: number;
  readonly maxStaleness: { readonly tokens: number; readonly keys: number };
  readonly staleIfError: number;
  /** They say whether paths are exact. */
  readonly routes: RouteTable | undefined;
  /** Networks of the proxies in front. */
  readonly trustProxy: readonly string[];
  readonly upstream: UpstreamOptions | undefined;
  readonly introspectClient: string | undefined;
  /** Opens what can revoke; absent = `/revoke` is not served. */
  readonly openForRevoking: (() => Promise<OperationDeps>) | undefined;
  readonly log: LogFormat;
  /** Takes lines of the log, without the end of the last one. */
  readonly writeLog: (text: string) => void;
  /** Tells the operator what is wrong; may be called for every request. */
  readonly notice: (key: string, text: string) => void;
  readonly now: () => number;
}

export interface UpstreamOptions {
  readonly url: URL;
  readonly timeoutMillis: number;
  readonly forwardAuthorization: boolean;
  /** Names, in lower case, of identity headers that reach the upstream from every peer. */
  readonly passHeaders: ReadonlySet<string>;
}

export interface Gateway {
  /** Resolves to the port. */
  readonly listen: () => Promise<number>;
  /** Ends it, gracefully until the signal. */
  readonly stop: (deadline: AbortSignal) => Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { tls, host, port, limits, routes, log, notice, upstream, openForRevoking } = options;
  const metrics = new Metrics();
  const status = observedReader(options.status, metrics);
  const keySet = new KeySet(status, options.keys);
  const peers = new Peers(options.trustProxy);
  const lines = new Lines(options.writeLog);
  const authorizer = createAuthorizer({
    issuer: options.issuer,
    audience: options.audience,
    status,
    keys: options.keys,
    usage: options.usage,
    maxStaleness: options.maxStaleness,
    staleIfError: options.staleIfError,
    maxLifetime: options.maxLifetime,
    clock: { wall: options.now, monotonic: () => performance.now() },
  });
  const onFault = (error: unknown): void => notice('fault', faultWords(error));
  const decisions = new Decisions({
    authorizer,
    routes,
    onDecision: (report, subject) => {
      metrics.decided(report);
      if (log !== 'off') lines.add(decisionLine(log, report, subject, options.now()));
    },
    onFault,
  });
  const proxy =
    upstream === undefined
      ? undefined
      : createProxy({
          upstream: upstream.url,
          timeout: upstream.timeoutMillis,
          onFailure: (code, reason) => {
            metrics.upstreamFailed(code);
            notice('upstream', `the upstream ${upstream.url.origin} did not answer: ${reason} (${code})`);
          },
        });
  const app = endpoints({
    keySet,
    peers,
    introspect: introspectEndpoint({
      authorizer,
      peers,
      client: options.introspectClient,
      bodyTimeout: limits.body,
      onAnswer: (active) => metrics.introspected(active),
    }),
    revoke:
      openForRevoking === undefined
        ? undefined
        : revokeEndpoint({
            keySet,
            open: openForRevoking,
            bodyTimeout: limits.body,
            onRevoked: (jti, client) => {
              metrics.revoked();
              if (log !== 'off') lines.add(revocationLine(log, jti, client, options.now()));
            },
          }),
    metrics: { contentType: metrics.contentType, text: () => metrics.text() },
    isDraining: () => server.isDraining,
    onFault,
  });
  const server = new GatewayServer(
    front({
      decisions,
      peers,
      forwardAuth: forwardAuth({
        decisions,
        peers,
        onUnknownRoute: (peer, trusted) => notice('route', unknownRouteWords(peer, trusted)),
      }),
      // A health check on HTTP/1.0 sends no Host.
      endpoints: getRequestListener(app.fetch, { hostname: 'localhost', overrideGlobalObjects: false }),
      allowRevoke: openForRevoking !== undefined,
      reverseProxy:
        upstream === undefined || proxy === undefined
          ? undefined
          : reverseProxy({
              decisions,
              peers,
              proxy,
              encrypted: tls !== undefined,
              forwardAuthorization: upstream.forwardAuthorization,
              passHeaders: upstream.passHeaders,
            }),
    }),
    { tls, limits },
  );
  return {
    listen: () => server.listen(host, port),
    stop: async (deadline) => {
      await server.drain(deadline);
      proxy?.close();
      lines.flush();
    },
  };
}

function faultWords(error: unknown): string {
  const cause = error instanceof AuthorizerFault ? (error.cause ?? error) : error;
  const words = cause instanceof Error ? cause.message : 'an unknown reason';
  const code = error instanceof AuthorizerFault ? error.code : 'fault';
  return `requests are answered with 503 (${code}): ${words}`;
}

function unknownRouteWords(peer = 'an unknown address', trusted: boolean): string {
  return trusted
    ? `${peer} asks /authorize without the original method and path: denied, since --routes needs them`
    : `${peer} asks /authorize and is not in --trust-proxy, so that the route is not known: denied`;
}
