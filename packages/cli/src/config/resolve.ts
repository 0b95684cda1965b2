/** The configuration in force: flag, variable, project file, user file, default, in this order, each value with its source. */
import { dirname, join } from 'node:path';
import { ApikeyError, InvalidValueError, parseAudience, parseDuration } from '@apikey/shared';
import type { Io } from '../io.ts';
import { parseAwsFlags, type AwsFlags } from './aws-flags.ts';
import { parseBackendUri, SCHEMES, type BackendUri, type KeysScheme, type RegistryScheme } from './backend-uri.ts';
import type { ConfigFile } from './file.ts';
import { dataHome, expandPath, findProjectFile, isFile, userFile, variable } from './locate.ts';
import {
  DEFAULT_ENVIRONMENT,
  ENVIRONMENT_NAME,
  SETTINGS,
  SETTING_NAMES,
  sourceText,
  type SettingName,
  type Source,
  type Sourced,
} from './settings.ts';
import { suggest } from './suggest.ts';
import { requireTrusted } from './trust.ts';
import { unknownVariables } from './variables.ts';

export interface Settings {
  readonly env: Sourced<string>;
  /** As written, for `config show`. */
  readonly raw: ReadonlyMap<SettingName, Sourced<string>>;
  readonly registry: BackendUri<RegistryScheme>;
  readonly keys: BackendUri<KeysScheme>;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly defaultTtl: number;
  readonly maxTtl: number;
  readonly defaultGrace: number;
  /** What the authorizers of this environment are set to, in seconds. */
  readonly gatewayResultTtl: number;
  readonly maxStaleness: number;
  readonly staleIfError: number;
  /** Where the embedded backend keeps what has no place of its own. */
  readonly dataDir: Sourced<string>;
  readonly passphrase: string | undefined;
  /** What `--profile` and `--region` say; all else is left to the usual AWS chain. */
  readonly aws: AwsFlags;
  /** The flag `--clock-checked` was given. */
  readonly clockChecked: boolean;
  /** The files that were read, the strongest first. */
  readonly files: readonly string[];
  /** Variables that are set, begin as those of apikey do, and mean nothing to it. */
  readonly unknownVariables: readonly string[];
}

interface ConfigFlags {
  readonly env: string | undefined;
  readonly config: string | undefined;
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly clockChecked?: boolean;
}

export async function resolveSettings(flags: ConfigFlags, io: Pick<Io, 'env' | 'cwd'>): Promise<Settings> {
  const ignored = unknownVariables(io.env);
  return { ...settingsFrom(await readFiles(configPaths(flags, io)), flags, io), unknownVariables: ignored };
}

/** What is in force with these files, the strongest first. */
export function settingsFrom(
  files: readonly ConfigFile[],
  flags: ConfigFlags,
  io: Pick<Io, 'env' | 'cwd'>,
): Omit<Settings, 'unknownVariables'> {
  const env = environmentName(flags, io, files);
  const raw = new Map<SettingName, Sourced<string>>();
  for (const name of SETTING_NAMES) {
    const found = lookUp(name, env.value, io, files);
    if (found !== undefined) raw.set(name, found);
  }
  requireDefined(env, raw, files);

  const dataDir = dataDirectory(env.value, io);
  const read = <T>(name: SettingName, parse: (text: string) => T): T => parseSetting(name, raw, parse);
  const place = (name: 'registry' | 'keys', uri: string): string =>
    uri === '' ? dataDir.value : expandPath(uri, baseOf(raw.get(name)?.source, io.cwd), io.env);
  const maxTtl = read('max_ttl', parseDuration);
  return {
    env,
    raw,
    registry: read('registry', (text) => backendUri(text, SCHEMES.registry, 'sqlite', (uri) => place('registry', uri))),
    keys: read('keys', (text) => backendUri(text, SCHEMES.keys, 'file', (uri) => place('keys', uri))),
    issuer: read('issuer', parseAudience),
    audience: read('audience', parseAudience),
    defaultTtl: defaultTtl(raw, read('default_ttl', parseDuration), maxTtl),
    maxTtl,
    defaultGrace: read('default_grace', parseDuration),
    gatewayResultTtl: read('gateway_result_ttl', Number),
    maxStaleness: read('max_staleness', Number),
    staleIfError: read('stale_if_error', Number),
    dataDir,
    passphrase: variable(io.env, 'APIKEY_KEYS_PASSPHRASE'),
    aws: parseAwsFlags(flags),
    clockChecked: flags.clockChecked === true,
    files: files.map(({ path }) => path),
  };
}

/** A file that was named is the only one read; it must exist. Otherwise those that are there, the strongest first. */
export function configPaths(flags: Pick<ConfigFlags, 'config'>, io: Pick<Io, 'env' | 'cwd'>): string[] {
  const named = namedFile(flags, io);
  if (named !== undefined) return [named];
  const [project, user] = [findProjectFile(io), userFile(io)];
  const found = [...(project === undefined ? [] : [project]), ...(isFile(user) ? [user] : [])];
  for (const path of found) requireTrusted(path);
  return found;
}

/** What `--config` or `APIKEY_CONFIG` names. */
export function namedFile(flags: Pick<ConfigFlags, 'config'>, io: Pick<Io, 'env' | 'cwd'>): string | undefined {
  const fromVariable = variable(io.env, 'APIKEY_CONFIG');
  const path = flags.config ?? fromVariable;
  const name = flags.config === undefined ? 'APIKEY_CONFIG' : '--config';
  return path === undefined ? undefined : withSource(name, () => expandPath(path, io.cwd, io.env));
}

/** What reads TOML takes a while to load, and a bare machine has none to read. */
async function readFiles(paths: readonly string[]): Promise<ConfigFile[]> {
  if (paths.length === 0) return [];
  const { readConfigFile } = await import('./file.ts');
  return Promise.all(paths.map((path) => readConfigFile(path)));
}

function environmentName(flags: ConfigFlags, io: Pick<Io, 'env'>, files: readonly ConfigFile[]): Sourced<string> {
  const fromVariable = variable(io.env, 'APIKEY_ENV');
  const chosen: Sourced<string> = (flags.env === undefined
    ? undefined
    : { value: flags.env, source: { kind: 'flag', name: '--env' } }) ??
    (fromVariable === undefined
      ? undefined
      : { value: fromVariable, source: { kind: 'variable', name: 'APIKEY_ENV' } }) ??
    files.find(({ env }) => env !== undefined)?.env ?? { value: DEFAULT_ENVIRONMENT, source: { kind: 'default' } };
  if (!ENVIRONMENT_NAME.test(chosen.value)) {
    throw new InvalidValueError('ENV_UNKNOWN', 'this is not an environment name', {
      why: `${sourceText(chosen.source)}: a name has 1 to 63 characters of a-z, 0-9, hyphen and underscore`,
      fix: 'use a name like local or prod',
    });
  }
  return chosen;
}

function lookUp(
  name: SettingName,
  env: string,
  io: Pick<Io, 'env'>,
  files: readonly ConfigFile[],
): Sourced<string> | undefined {
  const { variable: variableName, fallback, localFallback } = SETTINGS[name];
  if (variableName !== undefined) {
    const value = variable(io.env, variableName);
    if (value !== undefined) return { value, source: { kind: 'variable', name: variableName } };
  }
  for (const file of files) {
    const found = file.envs.get(env)?.get(name);
    if (found !== undefined) return found;
  }
  const otherwise = fallback ?? (env === DEFAULT_ENVIRONMENT ? localFallback : undefined);
  return otherwise === undefined ? undefined : { value: otherwise, source: { kind: 'default' } };
}

/** Every environment but `local` must be defined, by a file or whole by variables: a typo must not make a new one. */
function requireDefined(
  env: Sourced<string>,
  raw: ReadonlyMap<SettingName, Sourced<string>>,
  files: readonly ConfigFile[],
): void {
  const known = [...new Set([DEFAULT_ENVIRONMENT, ...files.flatMap(({ envs }) => [...envs.keys()])])];
  const byVariables = DEFINING.every((name) => raw.get(name)?.source.kind === 'variable');
  if (!known.includes(env.value) && !byVariables) {
    const meant = suggest(env.value, known);
    throw new InvalidValueError('ENV_UNKNOWN', `there is no environment ${env.value}`, {
      why: `${sourceText(env.source)} names it; known: ${known.join(', ')}`,
      fix:
        meant === undefined
          ? `define [envs.${env.value}] in a configuration file; see: apikey help config`
          : `did you mean ${meant}?`,
    });
  }
  const missing = SETTING_NAMES.filter((name) => !raw.has(name));
  if (missing.length === 0) return;
  throw new InvalidValueError('CONFIG_INVALID', `environment ${env.value} has no ${missing.join(' and no ')}`, {
    why: 'only the environment local has defaults for these',
    fix: `add ${missing.map((name) => `${name} = "https://..."`).join(' and ')} to [envs.${env.value}]`,
  });
}

/** What makes an environment without a file. */
const DEFINING: readonly SettingName[] = ['registry', 'keys', 'issuer', 'audience'];

function dataDirectory(env: string, io: Pick<Io, 'env' | 'cwd'>): Sourced<string> {
  const given = variable(io.env, 'APIKEY_DATA_DIR');
  return given === undefined
    ? { value: join(dataHome(io.env), env), source: { kind: 'default' } }
    : {
        value: withSource('APIKEY_DATA_DIR', () => expandPath(given, io.cwd, io.env)),
        source: { kind: 'variable', name: 'APIKEY_DATA_DIR' },
      };
}

/** A relative path in a file counts from that file, so that it means the same from every working directory. */
function baseOf(source: Source | undefined, cwd: string): string {
  return source?.kind === 'file' ? dirname(source.path) : cwd;
}

function backendUri<Scheme extends string>(
  text: string,
  schemes: readonly Scheme[],
  embedded: Scheme,
  directory: (place: string) => string,
): BackendUri<Scheme> {
  const uri = parseBackendUri(text, schemes);
  if ('trouble' in uri) throw new InvalidValueError('CONFIG_INVALID', 'this is not a backend', { why: uri.trouble });
  return uri.scheme === embedded ? { scheme: uri.scheme, place: directory(uri.place) } : uri;
}

function parseSetting<T>(
  name: SettingName,
  raw: ReadonlyMap<SettingName, Sourced<string>>,
  parse: (text: string) => T,
): T {
  const found = raw.get(name);
  if (found === undefined) throw new TypeError(`setting ${name} was not looked up`);
  const key = found.source.kind === 'file' ? ` (${name})` : '';
  return withSource(`${sourceText(found.source)}${key}`, () => parse(found.value));
}

/** Puts before an error where the value came from. */
function withSource<T>(source: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ApikeyError)) throw error;
    throw new InvalidValueError('CONFIG_INVALID', `${source}: ${error.message}`, {
      ...(error.why === undefined ? {} : { why: error.why }),
      fix: error.fix ?? 'correct the value; `apikey help config` shows its form',
      cause: error,
    });
  }
}

/** A cap alone also narrows the default that nobody chose; two chosen values that contradict are a mistake. */
function defaultTtl(raw: ReadonlyMap<SettingName, Sourced<string>>, ttl: number, maxTtl: number): number {
  if (ttl <= maxTtl) return ttl;
  const source = raw.get('default_ttl')?.source;
  if (source === undefined || source.kind === 'default') return maxTtl;
  throw new InvalidValueError('CONFIG_INVALID', `${sourceText(source)}: default_ttl is longer than max_ttl`, {
    why: `${raw.get('default_ttl')?.value} is over ${raw.get('max_ttl')?.value}`,
    fix: 'lower default_ttl, or raise max_ttl',
  });
}
