/** The prebuilt function as its variables describe it, and whether it belongs to this environment. */
import { DEFAULT_KEYS_STALENESS } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { finding, pass, type Check } from './check.ts';

export interface FunctionFacts {
  readonly table: string;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds, all three. */
  readonly staleness: number;
  readonly keysStaleness: number;
  readonly staleIfError: number;
  /** What it takes the gateway to be set to. */
  readonly assumedTtl: number;
  readonly addressInCacheKey: boolean;
  /** Whether its answer depends on method and path. */
  readonly hasRoutes: boolean;
}

/** Absent for a function that is configured otherwise: whoever wrote it knows how. */
export function readFunction(variables: Readonly<Record<string, string>>): FunctionFacts | undefined {
  const text = (name: string): string => variables[name]?.trim() ?? '';
  const seconds = (name: string, standard = 0): number => (text(name) === '' ? standard : Number(text(name)));
  if (text('APIKEY_TABLE') === '' || text('APIKEY_ISSUER') === '') return undefined;
  return {
    table: text('APIKEY_TABLE'),
    issuer: text('APIKEY_ISSUER'),
    audience: text('APIKEY_AUDIENCE'),
    staleness: seconds('APIKEY_MAX_STALENESS_TOKENS'),
    keysStaleness: seconds('APIKEY_MAX_STALENESS_KEYS', DEFAULT_KEYS_STALENESS),
    staleIfError: seconds('APIKEY_STALE_IF_ERROR'),
    assumedTtl: seconds('APIKEY_GATEWAY_RESULT_TTL'),
    addressInCacheKey: text('APIKEY_ADDRESS_IN_CACHE_KEY') === 'true',
    hasRoutes: text('APIKEY_ROUTES') !== '',
  };
}

export function functionChecks(
  { table, issuer, audience }: FunctionFacts,
  settings: Pick<Settings, 'registry' | 'issuer' | 'audience'>,
): Check[] {
  const { registry } = settings;
  const differing = [
    { variable: 'APIKEY_TABLE', is: table, expected: registry.scheme === 'dynamodb' ? registry.place : undefined },
    { variable: 'APIKEY_ISSUER', is: issuer, expected: settings.issuer },
  ].filter(({ is, expected }) => is !== expected);
  if (differing.length > 0) {
    return differing.map(({ variable, is, expected }) =>
      finding(
        'function',
        `${variable} is ${is}, and in this environment it is ${expected ?? 'not on AWS'}`,
        'it decides by another registry, or accepts no token of this one',
        'choose the environment with --env, or deploy the function with the values of this one',
      ),
    );
  }
  if (audience === settings.audience) return [pass('function', `decides by ${table}, for the audience ${audience}`)];
  const what = `its audience is ${audience}, and tokens are issued for ${settings.audience} unless --audience says otherwise`;
  const fix = `issue tokens for it with --audience ${audience}, or deploy the function with the other`;
  return [finding('function', what, 'tokens that were issued without --audience are denied', fix)];
}
