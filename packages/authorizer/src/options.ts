/** The options of an authorizer: what must be said, what may be, and the check of both before the first request. */
import {
  DEFAULT_KEYS_STALENESS,
  MAX_TOKEN_LENGTH,
  parseAudience,
  parseDuration,
  type PublicKeySource,
  type StatusReader,
  type UsageRecorder,
} from '@apikey/shared';
import { systemClock, type AuthorizerClock } from './clock.ts';
import { AuthorizerConfigError, refuseUnknown } from './config-error.ts';
import type { DecisionReport } from './decision.ts';
import { compileRoutes, type Route, type RouteTable } from './routes.ts';

export interface AuthorizerOptions {
  /** `iss` of the tokens to accept, compared exactly. */
  readonly issuer: string;
  /** The name of this API: a token's `aud` must contain it, compared exactly. */
  readonly audience: string;
  /** Where token records, clients and the key ring are read. */
  readonly status: StatusReader;
  /** Where public keys are fetched; it decides whose keys may ever be trusted. */
  readonly keys: PublicKeySource;
  /** Seconds that registry state may be old when a decision rests on it; 0 = every decision reads. */
  readonly maxStaleness?: {
    /** Token records and clients. Default 0. */
    readonly tokens?: number | undefined;
    /** The key ring. Default 60. */
    readonly keys?: number | undefined;
  };
  /** Seconds for which a gateway reuses an answer, 0 to 3600. Default 0. */
  readonly gatewayResultTtl?: number | undefined;
  /** Longest `exp - iat`, as a duration like `90d` or in seconds. Default `366d`. */
  readonly maxLifetime?: string | number | undefined;
  /** Seconds by which `exp` and `nbf` may be missed, and by which `iat` may be in the future, 0 to 60. Default 0. */
  readonly clockTolerance?: number | undefined;
  /**
   * Seconds beyond `maxStaleness` for which the last good status of a live token, and the last good key ring, may be used
   * while the registry is out of reach, 0 to 60. Default 0.
   */
  readonly staleIfError?: number | undefined;
  /** Which scopes a request needs. Absent = authorization ends with the token; the caller looks at the scopes. */
  readonly routes?: readonly Route[] | undefined;
  /**
   * The servers behind tell letters by case, and `/plans` from `/plans/`. Then routes are not matched with those readings of
   * a path; this holds for the routes of faces as well. Default false.
   */
  readonly exactPaths?: boolean | undefined;
  /**
   * Where the last use of tokens is recorded; absent = nowhere. A use is recorded once the token was allowed, never that of
   * a token or request that was denied, and at most every 15 minutes per token and process. The answer then waits for the
   * write, at most 100 ms. Nothing that happens to a write changes a decision; `DecisionReport.usage` tells what did.
   */
  readonly usage?: UsageRecorder | undefined;
  /** Told of every decision and fault; what it throws changes nothing. */
  readonly onDecision?: ((report: DecisionReport) => void) | undefined;
  /** Most entries kept: verified tokens, and token statuses. Default 10,000 each; 0 = none. */
  readonly cache?: { readonly tokens?: number | undefined; readonly statuses?: number | undefined } | undefined;
  /** Longest token, in characters; at most the default, 8192. AppSync allows 2048. */
  readonly maxTokenLength?: number | undefined;
  /** Both clocks, for tests. */
  readonly clock?: AuthorizerClock | undefined;
}

/** Options with every default in place. */
export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly status: StatusReader;
  readonly keys: PublicKeySource;
  readonly tokensMaxAge: number;
  readonly ringMaxAge: number;
  readonly gatewayResultTtl: number;
  readonly maxLifetime: number;
  readonly clockTolerance: number;
  readonly staleIfError: number;
  readonly routes: RouteTable | undefined;
  readonly exactPaths: boolean;
  readonly usage: UsageRecorder | undefined;
  readonly onDecision: ((report: DecisionReport) => void) | undefined;
  readonly tokenCacheLimit: number;
  readonly statusCacheLimit: number;
  readonly maxTokenLength: number;
  readonly clock: AuthorizerClock;
}

const NAMES: readonly (keyof AuthorizerOptions)[] = [
  'issuer',
  'audience',
  'status',
  'keys',
  'maxStaleness',
  'gatewayResultTtl',
  'maxLifetime',
  'clockTolerance',
  'staleIfError',
  'routes',
  'exactPaths',
  'usage',
  'onDecision',
  'cache',
  'maxTokenLength',
  'clock',
];
const DEFAULT_MAX_LIFETIME = '366d';
const DEFAULT_CACHE_ENTRIES = 10_000;
/** What API Gateway allows for a result TTL; nothing longer makes sense for staleness either. */
const MAX_SECONDS = 3600;
const MAX_TOLERANCE = 60;

/** Checks options and fills in defaults. Throws `AuthorizerConfigError`. */
export function parseOptions(options: AuthorizerOptions): Settings {
  requireObject('options', options);
  refuseUnknown(options, NAMES);
  // Defaults by destructuring: they stand in for what is absent, and `null` is refused like any other wrong value.
  const { status, keys, maxStaleness = {}, cache = {}, routes, usage, onDecision, clock = systemClock } = options;
  requireMethods('status', status, ['readStatus', 'readKeyRing']);
  requireMethods('keys', keys, ['publicKey']);
  requireMethods('clock', clock, ['wall', 'monotonic']);
  if (usage !== undefined) requireMethods('usage', usage, ['recordUse']);
  if (onDecision !== undefined) requireFunction('onDecision', onDecision);
  requireObject('maxStaleness', maxStaleness);
  refuseUnknown(maxStaleness, ['tokens', 'keys'], 'maxStaleness.');
  requireObject('cache', cache);
  refuseUnknown(cache, ['tokens', 'statuses'], 'cache.');
  const { tokens: tokensMaxAge = 0, keys: ringMaxAge = DEFAULT_KEYS_STALENESS } = maxStaleness;
  const { tokens: tokenCacheLimit = DEFAULT_CACHE_ENTRIES, statuses: statusCacheLimit = DEFAULT_CACHE_ENTRIES } = cache;
  const { gatewayResultTtl = 0, clockTolerance = 0, staleIfError = 0 } = options;
  const { maxLifetime = DEFAULT_MAX_LIFETIME, maxTokenLength = MAX_TOKEN_LENGTH } = options;
  const exactPaths = parseExactPaths(options.exactPaths);
  return {
    issuer: name('issuer', options.issuer),
    audience: name('audience', options.audience),
    status,
    keys,
    tokensMaxAge: number('maxStaleness.tokens', tokensMaxAge, MAX_SECONDS),
    ringMaxAge: number('maxStaleness.keys', ringMaxAge, MAX_SECONDS),
    gatewayResultTtl: number('gatewayResultTtl', gatewayResultTtl, MAX_SECONDS),
    maxLifetime: lifetime(maxLifetime),
    clockTolerance: number('clockTolerance', clockTolerance, MAX_TOLERANCE),
    staleIfError: number('staleIfError', staleIfError, MAX_TOLERANCE),
    routes: routes === undefined ? undefined : compileRoutes(routes, { exactPaths }),
    exactPaths,
    usage,
    onDecision,
    tokenCacheLimit: count('cache.tokens', tokenCacheLimit),
    statusCacheLimit: count('cache.statuses', statusCacheLimit),
    maxTokenLength: tokenLength(maxTokenLength),
    clock,
  };
}

/** An issuer or audience: compared exactly, so that anything like a pattern is a misunderstanding. */
function name(option: string, value: unknown): string {
  if (value === undefined) throw new AuthorizerConfigError(option, 'is required and has no default');
  if (typeof value !== 'string' || value.includes('*')) {
    throw new AuthorizerConfigError(option, 'must be one exact text; wildcards are not supported');
  }
  try {
    return parseAudience(value);
  } catch (cause) {
    throw new AuthorizerConfigError(option, 'must be 1 to 512 printable ASCII characters without spaces', cause);
  }
}

function parseExactPaths(value: unknown = false): boolean {
  if (typeof value === 'boolean') return value;
  throw new AuthorizerConfigError('exactPaths', 'must be true or false');
}

/** `maxLifetime` in seconds. */
function lifetime(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  try {
    if (typeof value === 'string') return parseDuration(value);
  } catch (cause) {
    throw new AuthorizerConfigError('maxLifetime', 'must be a duration like 90d or P90D', cause);
  }
  throw new AuthorizerConfigError('maxLifetime', 'must be a duration like 90d, or a positive whole number of seconds');
}

function number(option: string, value: unknown, max: number): number {
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  throw new AuthorizerConfigError(option, `must be a number of seconds from 0 to ${max}`);
}

function count(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 10_000_000) return value;
  throw new AuthorizerConfigError(option, 'must be a whole number of entries from 0 to 10000000');
}

function tokenLength(value: unknown): number {
  const valid = typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= MAX_TOKEN_LENGTH;
  if (valid) return value;
  throw new AuthorizerConfigError('maxTokenLength', `must be a whole number from 1 to ${MAX_TOKEN_LENGTH}`);
}

function requireObject(option: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new AuthorizerConfigError(option, 'must be an object');
}

function requireMethods(option: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) throw new AuthorizerConfigError(option, 'is required and has no default');
  requireObject(option, value);
  for (const method of methods) requireFunction(`${option}.${method}`, Reflect.get(Object(value), method));
}

function requireFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new AuthorizerConfigError(option, 'must be a function');
}
