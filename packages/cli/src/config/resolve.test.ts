import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveSettings, type Settings } from './resolve.ts';
import { sourceText, type SettingName } from './settings.ts';

let root = '';
let cwd = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'apikey-config-'));
  cwd = join(root, 'a', 'b');
  mkdirSync(cwd, { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

function resolve(
  env: Readonly<Record<string, string>> = {},
  flags: { readonly env?: string; readonly config?: string } = {},
): Promise<Settings> {
  return resolveSettings({ env: flags.env, config: flags.config }, { env: { HOME: root, ...env }, cwd });
}

function value(settings: Settings, name: SettingName): readonly [string, string] | undefined {
  const found = settings.raw.get(name);
  return found === undefined ? undefined : [found.value, sourceText(found.source)];
}

describe('without any file', () => {
  it('the environment local works with defaults', async () => {
    const dataDir = join(root, '.local', 'share', 'apikey', 'local');
    expect(await resolve()).toMatchObject({
      env: { value: 'local', source: { kind: 'default' } },
      registry: { scheme: 'sqlite', place: dataDir },
      keys: { scheme: 'file', place: dataDir },
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      defaultTtl: 90 * 86_400,
      maxTtl: 366 * 86_400,
      defaultGrace: 7 * 86_400,
      passphrase: undefined,
      files: [],
    });
  });

  it('an environment may be made of variables, if all that defines it is there', async () => {
    const env = {
      APIKEY_ENV: 'ci',
      APIKEY_REGISTRY: 'sqlite:',
      APIKEY_KEYS: 'file:',
      APIKEY_ISSUER: 'https://i',
      APIKEY_AUDIENCE: 'https://a',
    };
    expect(await resolve(env)).toMatchObject({ env: { value: 'ci' }, issuer: 'https://i' });
    await expect(resolve({ ...env, APIKEY_KEYS: '' })).rejects.toMatchObject({ code: 'ENV_UNKNOWN' });
  });

  it('relative XDG directories are ignored, as their specification says', async () => {
    expect((await resolve({ XDG_DATA_HOME: 'x' })).dataDir.value).toBe(join(root, '.local/share/apikey/local'));
    expect((await resolve({ XDG_DATA_HOME: '/x' })).dataDir.value).toBe('/x/apikey/local');
  });
});

describe('each value is taken from the strongest source that has it', () => {
  beforeEach(() => {
    write('.config/apikey/config.toml', '[envs.local]\nissuer = "https://user"\nmax_ttl = "30d"\ndefault_ttl = "5d"\n');
    write('a/apikey.toml', '[envs.local]\nissuer = "https://project"\ndefault_ttl = "6d"\n');
  });

  it('variable, project file, user file, default', async () => {
    const settings = await resolve({ APIKEY_DEFAULT_TTL: '7d', APIKEY_KEYS: '' });
    expect(value(settings, 'default_ttl')).toEqual(['7d', 'APIKEY_DEFAULT_TTL']);
    expect(value(settings, 'issuer')).toEqual(['https://project', `${join(root, 'a/apikey.toml')}:2`]);
    expect(value(settings, 'max_ttl')).toEqual(['30d', `${join(root, '.config/apikey/config.toml')}:3`]);
    expect(value(settings, 'keys')).toEqual(['file:', 'default']);
  });

  it('a file closer to the working directory hides those above it', async () => {
    write('a/b/apikey.toml', '[envs.local]\naudience = "https://close"\n');
    const settings = await resolve();
    expect(settings).toMatchObject({ audience: 'https://close', issuer: 'https://user' });
    expect(settings.files).toEqual([join(cwd, 'apikey.toml'), join(root, '.config/apikey/config.toml')]);
  });

  it('a named file is the only one read, by flag before variable', async () => {
    write('one.toml', '[envs.local]\nissuer = "https://one"\n');
    write('two.toml', '[envs.local]\nissuer = "https://two"\n');
    const settings = await resolve({ APIKEY_CONFIG: join(root, 'two.toml') }, { config: '../../one.toml' });
    expect(settings).toMatchObject({ issuer: 'https://one', files: [join(root, 'one.toml')], maxTtl: 366 * 86_400 });
    expect((await resolve({ APIKEY_CONFIG: '~/two.toml' })).issuer).toBe('https://two');
  });

  it('the environment comes from the flag, the variable, or a file', async () => {
    write('a/b/apikey.toml', 'env = "prod"\n[envs.prod]\nissuer = "https://p"\naudience = "https://p"\n[envs.local]\n');
    expect((await resolve()).env).toMatchObject({ value: 'prod', source: { line: 1 } });
    expect((await resolve({ APIKEY_ENV: 'local' })).env.value).toBe('local');
    expect((await resolve({ APIKEY_ENV: 'nope' }, { env: 'prod' })).issuer).toBe('https://p');
    await expect(resolve({}, { env: 'prdo' })).rejects.toMatchObject({
      code: 'ENV_UNKNOWN',
      fix: 'did you mean prod?',
    });
  });
});

describe('places', () => {
  it('a relative path in a file counts from the file, in a variable from the working directory', async () => {
    write('a/apikey.toml', '[envs.local]\nregistry = "sqlite:data"\n');
    const settings = await resolve({ APIKEY_KEYS: 'file:keys' });
    expect(settings.registry.place).toBe(join(root, 'a', 'data'));
    expect(settings.keys.place).toBe(join(cwd, 'keys'));
  });

  it('APIKEY_DATA_DIR is the data directory itself, for whatever names no other', async () => {
    const settings = await resolve({ APIKEY_DATA_DIR: '/srv/keys', APIKEY_REGISTRY: 'sqlite:/srv/registry' });
    expect(settings).toMatchObject({ registry: { place: '/srv/registry' }, keys: { place: '/srv/keys' } });
  });

  it('what is not embedded keeps its name', async () => {
    const settings = await resolve({
      APIKEY_REGISTRY: 'dynamodb:apikey-prod',
      APIKEY_KEYS: 'awskms:alias/apikey-prod',
    });
    expect(settings).toMatchObject({
      registry: { scheme: 'dynamodb', place: 'apikey-prod' },
      keys: { scheme: 'awskms', place: 'alias/apikey-prod' },
    });
  });
});

describe('caps', () => {
  it('a cap alone narrows the default that nobody chose', async () => {
    expect(await resolve({ APIKEY_MAX_TTL: '30d' })).toMatchObject({ defaultTtl: 30 * 86_400, maxTtl: 30 * 86_400 });
  });

  it('two chosen values that contradict are an error', async () => {
    const env = { APIKEY_MAX_TTL: '30d', APIKEY_DEFAULT_TTL: '31d' };
    await expect(resolve(env)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
