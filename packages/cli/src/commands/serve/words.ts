/** What `apikey serve` says when it starts: where it listens, what it does, and what to be aware of. */
import type { RouteTable } from '@apikey/authorizer';
import { revocationBound, type RevocationBound, type StatusReader } from '@apikey/shared';
import { counted } from '../../counted.ts';
import type { Settings } from '../../config/resolve.ts';
import { environmentLine } from '../../environment-words.ts';
import type { LogFormat } from '../../serve/decision-log.ts';
import { isLoopbackHost, UNIX_HOST } from '../../serve/peers.ts';
import { fieldLines } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import type { ServeOptions } from './options.ts';

export interface Started {
  readonly options: ServeOptions;
  readonly settings: Settings;
  readonly port: number;
  /** Absent = no `--routes`. */
  readonly routes: RouteTable | undefined;
  readonly trustedKeys: readonly string[];
  readonly log: LogFormat;
}

function urlOf({ options: { host, tls }, port }: Pick<Started, 'options' | 'port'>): string {
  if (host.startsWith(UNIX_HOST)) return host;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Seconds for tokens and for keys: the published bound, without a gateway that keeps answers. */
function bounds({ settings, options }: Started): RevocationBound {
  const { maxStaleness: tokens, staleIfError } = settings;
  const keys = options.keysStaleness ?? tokens;
  return revocationBound({ gatewayResultTtl: 0, maxStaleness: { tokens, keys }, staleIfError });
}

export function startLines(started: Started, style: Style): string[] {
  const { options, settings, routes, trustedKeys } = started;
  const { upstream, trustProxy, introspectClient, allowRevoke, routesFile } = options;
  const { tokens, keys } = bounds(started);
  const passed = [...(upstream?.passHeaders ?? [])];
  return [
    `Listening on ${style.bold(urlOf(started))}`,
    ...fieldLines(
      [
        ['env', environmentLine(settings)],
        ['mode', upstream === undefined ? 'forward-auth at /authorize' : `reverse proxy to ${upstream.url.origin}`],
        ['routes', routes === undefined ? 'none: a live token opens everything' : routesWords(routes, routesFile)],
        ['proxies', trustProxy.length === 0 ? undefined : `${trustProxy.join(', ')} are believed`],
        ['passed', passed.length === 0 ? undefined : `${passed.join(', ')} from every peer`],
        ['keys', trustedKeys.length === 0 ? undefined : trustedKeys.join(', ')],
        ['introspect', introspectClient === undefined ? undefined : `for tokens of ${introspectClient}`],
        ['revoke', allowRevoke ? 'by whoever holds a token' : undefined],
        ['revocation', tokens === keys ? boundWords(tokens) : `${boundWords(tokens)}; of a key ${boundWords(keys)}`],
      ],
      style,
    ),
  ];
}

function routesWords({ routes, exactPaths }: RouteTable, file = ''): string {
  const open = routes.filter((route) => route.public).length;
  const notes = [open === 0 ? '' : `, ${open} of them public`, exactPaths ? '; paths are exact' : ''];
  return `${routes.length} in ${file}${notes.join('')}`;
}

function boundWords(seconds: number): string {
  return seconds === 0 ? 'holds for the next request' : `holds within ${counted(seconds, 'second')}`;
}

export function startJson(started: Started): object {
  const { options, settings, port, routes, trustedKeys, log } = started;
  const { host, upstream, tls, trustProxy, introspectClient, allowRevoke } = options;
  return {
    url: urlOf(started),
    host,
    port,
    tls: tls !== undefined,
    env: settings.env.value,
    mode: upstream === undefined ? 'forward-auth' : 'proxy',
    upstream: upstream?.url.origin ?? null,
    routes: routes?.routes.length ?? null,
    trustProxy,
    passHeaders: [...(upstream?.passHeaders ?? [])],
    trustedKeys,
    introspectClient: introspectClient ?? null,
    allowRevoke,
    log,
    revocationSeconds: bounds(started),
    pid: process.pid,
  };
}

/** Things that may be as they should, and that nobody should find out later. */
export async function warnings(started: Started, status: Pick<StatusReader, 'readKeyRing'>): Promise<string[]> {
  const { options, settings } = started;
  const { host, tls, introspectClient, allowRevoke, upstream } = options;
  const told: string[] = [];
  if (!isLoopbackHost(host)) {
    const open = [
      upstream === undefined ? '/authorize' : `/authorize, what ${upstream.url.origin} serves to live tokens`,
      ...(introspectClient === undefined ? [] : [`/introspect to tokens of ${introspectClient}`]),
      ...(allowRevoke ? ['/revoke to whoever holds a token'] : []),
      '/.well-known/jwks.json, /healthz and /readyz to anybody',
    ];
    told.push(`whoever reaches ${host} reaches this gateway: ${open.join(', ')}`);
    if (tls === undefined)
      told.push('tokens travel there without encryption; use --tls-cert, or a proxy with TLS in front');
  }
  try {
    const ring = await status.readKeyRing(AbortSignal.timeout(START_READ_MILLIS));
    if (ring === undefined) told.push(notSetUp(settings));
  } catch (error) {
    told.push(
      error instanceof Error && 'code' in error && error.code === 'REGISTRY_NOT_FOUND'
        ? notSetUp(settings)
        : unread(error),
    );
  }
  return told;
}

const START_READ_MILLIS = 2_000;

function notSetUp({ env }: Settings): string {
  return `environment ${env.value} is not set up yet: tokens are answered with 503 until \`apikey init\` or \`issue\` was run`;
}

function unread(error: unknown): string {
  const words = error instanceof Error ? error.message : 'an unknown reason';
  return `the registry cannot be read now, and until it can, tokens are answered with 503: ${words}`;
}
