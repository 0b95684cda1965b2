/** What `apikey serve` was asked for, every value parsed. */
import { isIP } from 'node:net';
import { UNIX_PEER } from '@apikey/authorizer';
import { InvalidValueError, parseCidr, parseClientId, parseDuration } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { oneOf, parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import type { LogFormat } from '../../serve/decision-log.ts';
import type { UpstreamOptions } from '../../serve/gateway.ts';
import { foldName, headerKind, type HeaderKind } from '../../serve/header-names.ts';
import { UNIX_HOST } from '../../serve/peers.ts';
import { UsageError } from '../../usage-error.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** As written. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly drainMillis: number;
  /** As written. */
  readonly routesFile: string | undefined;
  readonly exactPaths: boolean;
  readonly trustProxy: readonly string[];
  /** Seconds; absent = as for tokens. */
  readonly keysStaleness: number | undefined;
  readonly keysAllow: readonly string[];
  readonly trackUsage: boolean;
  readonly upstream: UpstreamOptions | undefined;
  readonly introspectClient: string | undefined;
  readonly allowRevoke: boolean;
  /** Absent = depends on whether somebody looks on. */
  readonly log: LogFormat | undefined;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const DEFAULT_DRAIN_SECONDS = 10;
const DEFAULT_UPSTREAM_SECONDS = 60;
/** Node's timers take no more than 2^31 - 1 milliseconds. */
const MAX_TIMEOUT_SECONDS = 86_400;
const MAX_KEYS_STALENESS = 3_600;
const LOG_FORMATS: readonly LogFormat[] = ['json', 'text', 'off'];

export function parseServeOptions({ flags }: Invocation): ServeOptions {
  const timeout = (name: string, key: string, seconds: number): number =>
    1_000 * (parseOptional(name, flags.text(key), parseTimeout) ?? seconds);
  return {
    host: parseOptional('--host', flags.text('host'), parseHost) ?? DEFAULT_HOST,
    port: parseOptional('--port', flags.text('port'), wholeNumber(65_535)) ?? DEFAULT_PORT,
    tls: parseTls(flags.text('tlsCert'), flags.text('tlsKey')),
    drainMillis: timeout('--drain-timeout', 'drainTimeout', DEFAULT_DRAIN_SECONDS),
    routesFile: flags.text('routes'),
    exactPaths: parseExactPaths(flags.on('exactPaths'), flags.text('routes')),
    trustProxy: flags.texts('trustProxy').map((given) => parseFlag('--trust-proxy', given, parseProxy)),
    keysStaleness: parseOptional(
      '--max-staleness-keys',
      flags.text('maxStalenessKeys'),
      wholeNumber(MAX_KEYS_STALENESS),
    ),
    keysAllow: flags.texts('keysAllow'),
    trackUsage: flags.on('trackUsage'),
    upstream: parseUpstream(flags, timeout('--upstream-timeout', 'upstreamTimeout', DEFAULT_UPSTREAM_SECONDS)),
    introspectClient: parseOptional('--introspect-client', flags.text('introspectClient'), parseClientId),
    allowRevoke: flags.on('allowRevoke'),
    log: parseOptional('--log', flags.text('log'), oneOf(LOG_FORMATS)),
  };
}

function parseExactPaths(given: boolean, routesFile: string | undefined): boolean {
  if (!given || routesFile !== undefined) return given;
  throw new UsageError('--exact-paths needs --routes', { fix: 'add --routes FILE' });
}

function parseUpstream(flags: Invocation['flags'], timeoutMillis: number): UpstreamOptions | undefined {
  const url = parseOptional('--upstream', flags.text('upstream'), parseUrl);
  const forwardAuthorization = flags.on('forwardAuthorization');
  const passHeaders = new Set(flags.texts('passHeader').map((name) => parseFlag('--pass-header', name, parsePassed)));
  if (url !== undefined) return { url, timeoutMillis, forwardAuthorization, passHeaders };
  const useless =
    flags.text('upstreamTimeout') !== undefined
      ? '--upstream-timeout'
      : forwardAuthorization
        ? '--forward-authorization'
        : passHeaders.size > 0
          ? '--pass-header'
          : undefined;
  if (useless === undefined) return undefined;
  throw new UsageError(`${useless} needs --upstream`, { fix: 'add --upstream URL' });
}

/** In lower case. */
function parsePassed(name: string): string {
  const kind = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/i.test(name) ? headerKind(foldName(name)) : 'invalid';
  if (kind === 'identity') return name.toLowerCase();
  throw new InvalidValueError('INVALID_INPUT', 'this header cannot be passed on', {
    why: NOT_PASSED[kind ?? 'other'],
    fix: 'name an identity header of another proxy, like X-Forwarded-User; docs/gateway.md lists them',
  });
}

const NOT_PASSED: Readonly<Record<Exclude<HeaderKind, 'identity'> | 'invalid' | 'other', string>> = {
  ours: 'the gateway alone says whose request it is',
  route: 'some backends take another method or path from it than those that were judged',
  origin: 'it says where a request came from: only a proxy in --trust-proxy may',
  framing: 'it says where a body ends, or concerns one connection',
  invalid: 'it is not the name of a header',
  other: 'headers that the gateway does not know are passed on anyway',
};

/** A network, or the peers of a Unix socket. */
function parseProxy(text: string): string {
  return text === UNIX_PEER ? text : parseCidr(text);
}

function parseTls(certFile: string | undefined, keyFile: string | undefined): ServeOptions['tls'] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  const [given, missing] = certFile === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
  throw new UsageError(`${given} needs ${missing}`, { fix: `add ${missing} FILE` });
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const problem =
    url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')
      ? 'expected an http or https URL'
      : url.username !== '' || url.password !== ''
        ? 'it holds credentials'
        : url.pathname !== '/' || url.search !== '' || url.hash !== ''
          ? 'it has a path; requests keep the path that they came with'
          : undefined;
  if (url !== null && problem === undefined) return url;
  throw new InvalidValueError('INVALID_INPUT', 'this is not an upstream', {
    ...(problem === undefined ? {} : { why: problem }),
    fix: 'write it like http://127.0.0.1:3000',
  });
}

function parseHost(text: string): string {
  if (text.startsWith(`${UNIX_HOST}/`) && !text.includes('\0')) return text;
  const address = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(address) !== 0 || /^(?!\d+(?:\.\d+)*$)[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(address))
    return address;
  throw new InvalidValueError('INVALID_INPUT', 'this is not an address to listen at', {
    fix: 'write it like 127.0.0.1, 0.0.0.0 (every address of this machine), ::1 or unix:/run/apikey.sock',
  });
}

function parseTimeout(text: string): number {
  const seconds = parseDuration(text);
  if (seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidValueError('INVALID_DURATION', 'this is longer than a day', { fix: 'give 24h or less' });
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    if (/^(?:0|[1-9]\d{0,9})$/.test(text) && Number(text) <= max) return Number(text);
    throw new InvalidValueError('INVALID_INPUT', `this is not a whole number from 0 to ${max}`);
  };
}
