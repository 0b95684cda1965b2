/** Reads one configuration file: static TOML, every key known, every error with its file, line and key. */
import { readFile } from 'node:fs/promises';
import { InvalidValueError } from '@apikey/shared';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod/mini';
import { systemReason } from '../failure.ts';
import { KeyLines } from './key-lines.ts';
import { ENVIRONMENT_NAME, SECONDS_SETTINGS, SETTING_NAMES, type SettingName, type Sourced } from './settings.ts';
import { suggest } from './suggest.ts';

export interface ConfigFile {
  readonly path: string;
  readonly env: Sourced<string> | undefined;
  readonly envs: ReadonlyMap<string, ReadonlyMap<SettingName, Sourced<string>>>;
}

const text = z.string();
const setting = z.optional(text);
const seconds = (most: number) => z.optional(z.int().check(z.gte(0), z.lte(most)));
const SCHEMA = z.strictObject({
  env: setting,
  envs: z.optional(
    z.record(
      z.string().check(z.regex(ENVIRONMENT_NAME)),
      z.strictObject({
        registry: setting,
        keys: setting,
        issuer: setting,
        audience: setting,
        default_ttl: setting,
        max_ttl: setting,
        default_grace: setting,
        gateway_result_ttl: seconds(SECONDS_SETTINGS.gateway_result_ttl),
        max_staleness: seconds(SECONDS_SETTINGS.max_staleness),
        stale_if_error: seconds(SECONDS_SETTINGS.stale_if_error),
      } satisfies Record<SettingName, unknown>),
    ),
  ),
});

/** More is not a configuration file but a mistake. */
const MAX_BYTES = 1_048_576;

export async function readConfigFile(path: string): Promise<ConfigFile> {
  return parseConfig(path, await readConfigText(path));
}

/** @param path for errors, and as the source of the values */
export function parseConfig(path: string, content: string): ConfigFile {
  const lines = new KeyLines(content);
  const checked = SCHEMA.safeParse(parseToml(path, content));
  if (!checked.success) throw schemaError(path, lines, checked.error.issues[0]);
  const sourced = (value: string, keyPath: readonly string[]): Sourced<string> => ({
    value,
    source: { kind: 'file', path, line: lines.of(keyPath) },
  });
  const { env, envs = {} } = checked.data;
  return {
    path,
    env: env === undefined ? undefined : sourced(env, ['env']),
    envs: new Map(
      Object.entries(envs).map(([name, values]) => [
        name,
        new Map(
          SETTING_NAMES.flatMap((key) => {
            const value = values[key];
            return value === undefined ? [] : [[key, sourced(String(value), ['envs', name, key])]];
          }),
        ),
      ]),
    ),
  };
}

export async function readConfigText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new InvalidValueError('CONFIG_NOT_FOUND', `the configuration file ${path} cannot be read`, {
      why: systemReason(error),
      fix: 'name another file with --config or APIKEY_CONFIG, or leave both out',
      cause: error,
    });
  }
  if (bytes.length > MAX_BYTES) throw fileError(path, undefined, 'this is not a configuration file', 'it is too large');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileError(path, undefined, 'this is not TOML', 'it is not UTF-8 text');
  }
}

function parseToml(path: string, content: string): unknown {
  try {
    return parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line of the message is the fault; a picture of the place follows.
    const [fault = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw fileError(path, error.line, 'this is not TOML', `column ${error.column}: ${fault}`);
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'expected text in quotes',
  number: 'expected a whole number of seconds, without quotes',
  int: 'expected a whole number of seconds, without quotes',
};

function schemaError(path: string, lines: KeyLines, issue: z.core.$ZodIssue | undefined): InvalidValueError {
  const keyPath = (issue?.path ?? []).map(String);
  const name = keyPath.join('.');
  if (issue?.code === 'unrecognized_keys') {
    const unknown = issue.keys[0] ?? '';
    const known: readonly string[] = keyPath.length === 0 ? ['env', 'envs'] : SETTING_NAMES;
    const meant = suggest(unknown, known);
    return fileError(
      path,
      lines.of([...keyPath, unknown]),
      `unknown key "${unknown}" ${keyPath.length === 0 ? 'at the top' : `in [${name}]`}`,
      `known there: ${known.join(', ')}`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
  }
  if (issue?.code === 'invalid_key') {
    return fileError(
      path,
      lines.of(keyPath),
      `"${keyPath.at(-1)}" is not an environment name`,
      'a name has 1 to 63 characters of a-z, 0-9, hyphen and underscore, and starts with a letter or digit',
    );
  }
  if (issue?.code === 'too_big' || issue?.code === 'too_small') {
    const most = Object.entries(SECONDS_SETTINGS).find(([key]) => key === keyPath.at(-1))?.[1];
    return fileError(path, lines.of(keyPath), `${name} is out of range`, `expected 0 to ${most} seconds`);
  }
  const expected = issue?.code === 'invalid_type' ? EXPECTED[issue.expected] : undefined;
  return fileError(
    path,
    lines.of(keyPath),
    `${name} has the wrong type`,
    expected ?? 'expected a table like [envs.prod]',
  );
}

function fileError(
  path: string,
  line: number | undefined,
  message: string,
  why: string,
  fix = 'correct the file; `apikey help config` shows its form',
): InvalidValueError {
  return new InvalidValueError('CONFIG_INVALID', `${path}${line === undefined ? '' : `:${line}`}: ${message}`, {
    why,
    fix,
  });
}
