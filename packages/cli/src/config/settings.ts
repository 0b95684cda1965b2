/** The one table of settings: what each is called in a file and in the environment, and what it is without either. */

/** The settings of one environment. */
export const SETTING_NAMES = [
  'registry',
  'keys',
  'issuer',
  'audience',
  'default_ttl',
  'max_ttl',
  'default_grace',
  'gateway_result_ttl',
  'max_staleness',
  'stale_if_error',
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

/** Those that are whole numbers of seconds, from 0 to the number given: what the authorizers of the environment are set to. */
export const SECONDS_SETTINGS = { gateway_result_ttl: 3_600, max_staleness: 300, stale_if_error: 60 } as const;

export interface SettingEntry {
  /** Absent = it describes the environment, and is not for one run to say. */
  readonly variable?: string;
  readonly help: string;
  /** For every environment. */
  readonly fallback?: string;
  /** For `local` alone, which needs no file; elsewhere the setting must be given. */
  readonly localFallback?: string;
}

export const SETTINGS: Readonly<Record<SettingName, SettingEntry>> = {
  registry: {
    variable: 'APIKEY_REGISTRY',
    fallback: 'sqlite:',
    help: 'where records live: sqlite:DIRECTORY (empty: the data directory) or dynamodb:TABLE',
  },
  keys: {
    variable: 'APIKEY_KEYS',
    fallback: 'file:',
    help: 'where signing keys live: file:DIRECTORY (empty: the data directory) or awskms:alias/NAME',
  },
  issuer: {
    variable: 'APIKEY_ISSUER',
    localFallback: 'https://apikey.localhost',
    help: 'the iss claim of every token',
  },
  audience: {
    variable: 'APIKEY_AUDIENCE',
    localFallback: 'https://api.localhost',
    help: 'the aud claim of tokens for which no other is asked',
  },
  default_ttl: {
    variable: 'APIKEY_DEFAULT_TTL',
    fallback: '90d',
    help: 'lifetime of tokens for which none is asked',
  },
  max_ttl: { variable: 'APIKEY_MAX_TTL', fallback: '366d', help: 'longest lifetime of any token' },
  default_grace: {
    variable: 'APIKEY_DEFAULT_GRACE',
    fallback: '7d',
    help: 'how long a replaced token stays live',
  },
  gateway_result_ttl: {
    fallback: '0',
    help: 'seconds for which the gateway reuses an answer of the authorizer, 0 to 3600',
  },
  max_staleness: { fallback: '0', help: 'maxStaleness.tokens of the authorizers, in seconds, 0 to 300' },
  stale_if_error: { fallback: '0', help: 'staleIfError of the authorizers, in seconds, 0 to 60' },
};

export const DEFAULT_ENVIRONMENT = 'local';
export const ENVIRONMENT_NAME: RegExp = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Variables that are not settings of an environment. */
export const OTHER_VARIABLES = {
  APIKEY_CONFIG: 'configuration file, in place of those that would be found (--config)',
  APIKEY_ENV: 'environment to work in (--env)',
  APIKEY_DATA_DIR: 'data directory of the embedded backend, in place of $XDG_DATA_HOME/apikey/ENV',
  APIKEY_KEYS_PASSPHRASE: 'passphrase that encrypts key files; never shown',
} as const;

export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number | undefined }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string };

/** A value together with where it came from. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
}

/** `default`, `/etc/apikey.toml:4`, `APIKEY_ENV`, `--env`. */
export function sourceText(source: Source): string {
  if (source.kind === 'default') return 'default';
  if (source.kind !== 'file') return source.name;
  return source.line === undefined ? source.path : `${source.path}:${source.line}`;
}
