/** Reads the function's variables: every problem is found before the first request, and all of them are told at once. */
import { AuthorizerConfigError } from '../config-error.ts';
import type { Route } from '../routes.ts';
import { parseJwks, type PinnedKeys } from './pinned-keys.ts';
import { VariableReader, type Environment } from './variable-reader.ts';
import { VARIABLES } from './variables.ts';

/** What stands in the variables. Values that the library checks itself are passed on as they are. */
export interface FunctionSettings {
  readonly table: string;
  readonly issuer: string;
  readonly audience: string;
  /** Key ARNs; none = the pinned keys have to do. */
  readonly allow: readonly string[];
  readonly pinned: PinnedKeys;
  readonly maxStalenessTokens: number | undefined;
  readonly maxStalenessKeys: number | undefined;
  readonly staleIfError: number | undefined;
  readonly gatewayResultTtl: number | undefined;
  readonly maxLifetime: string | undefined;
  readonly clockTolerance: number | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly exactPaths: boolean;
  readonly stages: readonly string[] | undefined;
  readonly addressInCacheKey: boolean;
  readonly usageIdentifierKey: 'client' | 'jti' | undefined;
  readonly httpResponses: 'simple' | 'policy';
  readonly trackUsage: boolean;
  readonly log: boolean;
  /** The namespace; absent = no metrics. */
  readonly metrics: string | undefined;
}

/** The function cannot run with its variables. The message lists every problem on a line of its own. */
export class FunctionConfigError extends Error {
  override readonly name = 'FunctionConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], cause?: unknown) {
    const list = problems.map((problem) => `\n- ${problem}`).join('');
    super(`the apikey authorizer is not configured:${list}`, cause === undefined ? undefined : { cause });
    this.problems = problems;
  }
}

/** Throws `FunctionConfigError`. A variable that is set to nothing counts as not set, as consoles and templates leave it. */
export function readSettings(environment: Environment): FunctionSettings {
  const problems = [...unknownVariables(environment), ...missingVariables(environment)];
  const reader = new VariableReader(environment, problems);
  const settings: FunctionSettings = {
    table: reader.text('APIKEY_TABLE') ?? '',
    issuer: reader.text('APIKEY_ISSUER') ?? '',
    audience: reader.text('APIKEY_AUDIENCE') ?? '',
    allow: reader.list('APIKEY_KEYS_ALLOW') ?? [],
    pinned: reader.parse('APIKEY_JWKS', parseJwks) ?? new Map(),
    maxStalenessTokens: reader.seconds('APIKEY_MAX_STALENESS_TOKENS'),
    maxStalenessKeys: reader.seconds('APIKEY_MAX_STALENESS_KEYS'),
    staleIfError: reader.seconds('APIKEY_STALE_IF_ERROR'),
    gatewayResultTtl: reader.seconds('APIKEY_GATEWAY_RESULT_TTL'),
    maxLifetime: reader.text('APIKEY_MAX_LIFETIME'),
    clockTolerance: reader.seconds('APIKEY_CLOCK_TOLERANCE'),
    routes: reader.parse('APIKEY_ROUTES', parseRoutes),
    exactPaths: reader.choice('APIKEY_EXACT_PATHS', ['true', 'false']) === 'true',
    stages: reader.list('APIKEY_STAGES'),
    addressInCacheKey: reader.choice('APIKEY_ADDRESS_IN_CACHE_KEY', ['true', 'false']) === 'true',
    usageIdentifierKey: reader.choice('APIKEY_USAGE_KEY', ['client', 'jti']),
    httpResponses: reader.choice('APIKEY_HTTP_RESPONSES', ['simple', 'policy']) ?? 'simple',
    trackUsage: reader.choice('APIKEY_TRACK_USAGE', ['true', 'false']) === 'true',
    log: reader.choice('APIKEY_LOG', ['json', 'off']) === 'json',
    metrics: metricsNamespace(reader),
  };
  if (settings.allow.length > 0) reader.check(() => checkKeyArns(settings.allow));
  else if (settings.pinned.size === 0 && reader.text('APIKEY_JWKS') === undefined) {
    problems.push('APIKEY_KEYS_ALLOW is required (or APIKEY_JWKS): it says whose keys are trusted');
  }
  if (problems.length > 0) throw new FunctionConfigError(problems);
  return settings;
}

/** The error as one of the function's own, which names the variable in place of the library's option. */
export function asFunctionError(error: unknown): unknown {
  if (!(error instanceof AuthorizerConfigError)) return error;
  const { option } = error;
  const found = VARIABLES.find((variable) => variable.option !== undefined && option.startsWith(variable.option));
  if (found?.option === undefined) return new FunctionConfigError([error.message], error);
  return new FunctionConfigError([found.name + error.message.slice(found.option.length)], error);
}

/** What `kmsKeys` takes. It says so itself, but alone, and here every problem is told at once. */
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(?:(?:mrk-)?\*|[a-zA-Z0-9-]{1,128})$/;

function checkKeyArns(arns: readonly string[]): void {
  const wrong = arns.find((arn) => !KEY_ARN.test(arn));
  if (wrong === undefined) return;
  throw new AuthorizerConfigError(
    'APIKEY_KEYS_ALLOW',
    `has ${JSON.stringify(wrong)}, which is not a key ARN like arn:aws:kms:us-east-1:111122223333:key/* ` +
      '(no alias, and * only as the whole key id or in mrk-*)',
  );
}

function metricsNamespace(reader: VariableReader): string | undefined {
  const namespace = reader.text('APIKEY_METRICS_NAMESPACE') ?? 'apikey';
  // CloudWatch: 1 to 255 of these characters, and its own namespaces begin with AWS/.
  reader.check(() => {
    if (/^(?!AWS\/)[\w.\-/#:]{1,255}$/.test(namespace)) return;
    throw new AuthorizerConfigError('APIKEY_METRICS_NAMESPACE', 'is not a namespace of CloudWatch');
  });
  return reader.choice('APIKEY_METRICS', ['emf', 'off']) === 'emf' ? namespace : undefined;
}

/** The form of each route is checked where routes are compiled; that it is a list of objects is all there is to say here. */
function parseRoutes(text: string): readonly Route[] {
  const routes: unknown = JSON.parse(text);
  if (!Array.isArray(routes)) throw new TypeError('not a list');
  return routes;
}

function unknownVariables(environment: Environment): string[] {
  const known = new Set<string>(VARIABLES.map(({ name }) => name));
  return Object.keys(environment)
    .filter((name) => name.startsWith('APIKEY_') && !known.has(name))
    .map((name) => `${name} is not a variable of this function; there are: ${[...known].join(', ')}`);
}

function missingVariables(environment: Environment): string[] {
  const missing = VARIABLES.filter(({ name, required }) => required === true && (environment[name] ?? '') === '');
  return missing.map(({ name, meaning }) => `${name} is required: ${meaning}`);
}
