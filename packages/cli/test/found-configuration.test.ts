/** A configuration file that was found is not obeyed blindly, and what is obeyed is named. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

const TOML = '[envs.local]\nissuer = "https://found.example"\n';

function project(session: Session, mode: number): string {
  const path = join(session.cwd, 'apikey.toml');
  writeFileSync(path, TOML);
  chmodSync(path, mode);
  return path;
}

describe('a found file that others may write', () => {
  it.each([['issue', '--client', 'partner'], ['list'], ['doctor'], ['config', 'show'], ['verify', '-']])(
    'is not obeyed by %s %s',
    async (...argv) => {
      using session = new Session();
      const path = project(session, 0o666);
      const refused = await session.run([...argv, '--json']);
      expect([refused.code, errorOf(refused).code, refused.stdout]).toEqual([2, 'CONFIG_UNTRUSTED', '']);
      expect(errorOf(refused).message).toContain(path);
      expect(readdirSync(session.home)).toEqual(['work']);
    },
  );

  it('is obeyed where it is named', async () => {
    using session = new Session();
    const path = project(session, 0o666);
    for (const [argv, env] of [
      [['--config', path], {}],
      [['--config', 'apikey.toml'], {}],
      [[], { APIKEY_CONFIG: path }],
    ] as const) {
      const { code, stdout } = await session.run(['config', 'show', ...argv], { env });
      expect([code, stdout.includes('https://found.example')]).toEqual([0, true]);
    }
  });

  it("is refused as the user's own file too, and from a directory below", async () => {
    using session = new Session();
    const path = join(session.home, '.config', 'apikey', 'config.toml');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, TOML);
    expect((await session.run(['list'])).code).toBe(0);
    chmodSync(path, 0o622);
    expect((await session.run(['list'])).stderr).toContain('CONFIG_UNTRUSTED');
    chmodSync(path, 0o600);
    chmodSync(project(session, 0o600), 0o646);
    mkdirSync(join(session.cwd, 'below'));
    expect((await session.run(['list'], { cwd: join(session.cwd, 'below') })).stderr).toContain('CONFIG_UNTRUSTED');
  });
});

describe('the file that is obeyed', () => {
  it('is named by what changes something, and by nothing else', async () => {
    using session = new Session();
    const path = project(session, 0o600);
    const named = async (...argv: readonly string[]): Promise<boolean> =>
      (await session.run(argv)).stderr.includes(`Configuration: ${path}\n`);
    const { jti } = await session.issue('--client', 'partner');
    expect(await named('issue', '--client', 'partner')).toBe(true);
    expect(await named('revoke', jti, '--yes')).toBe(true);
    expect(await named('revoke', jti, '--dry-run')).toBe(true);
    expect(await named('clients', 'set', 'partner', '--owner', 'me')).toBe(true);
    expect(await named('clients', 'suspend', 'nobody', '--yes')).toBe(false);
    expect(await named('audit', 'seal')).toBe(true);
    expect(await named('config', 'set', 'max_ttl', '30d')).toBe(true);
    expect(await named('keys', 'create')).toBe(true);
    expect(await named('init', '--config', path)).toBe(true);
    expect(await named('list')).toBe(false);
    expect(await named('issue', '--client', 'partner', '-q')).toBe(false);
    expect(await session.run(['issue', '--client', 'partner', '--json'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is named before a question is asked, and an error stands alone', async () => {
    using session = new Session();
    project(session, 0o600);
    const { jti } = await session.issue('--client', 'partner');
    const asked = await session.run(['revoke', jti], { tty: true, stdin: 'n\n', env: { NO_COLOR: '1' } });
    expect(asked.stderr).toMatch(/^Configuration: [^\n]*\nRevoke /);
    expect((await session.run(['revoke', jti])).stderr).toMatch(/^error: /);
  });

  it('is not spoken of where there is none', async () => {
    using session = new Session();
    expect((await session.run(['issue', '--client', 'partner'])).stderr).not.toContain('Configuration');
  });
});

describe('a variable that is not known', () => {
  it('is an error where it is nearly one that is', async () => {
    using session = new Session();
    const refused = await session.run(['issue', '--client', 'a', '--json'], { env: { APIKEY_ENVV: 'prod' } });
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'CONFIG_INVALID']);
    expect(errorOf(refused).fix).toContain('did you mean APIKEY_ENV?');
    expect(readdirSync(session.home)).toEqual(['work']);
  });

  it('is listed by config show, without its value', async () => {
    using session = new Session();
    const env = { APIKEY_SOMETHING: 'secret' };
    const text = await session.run(['config', 'show'], { env });
    expect(text.stdout).toContain('APIKEY_SOMETHING\tignored');
    const json = await session.run(['config', 'show', '--json'], { env });
    expect(JSON.parse(json.stdout)).toMatchObject({ unknownVariables: ['APIKEY_SOMETHING'] });
    expect(text.stdout + json.stdout).not.toContain('secret');
  });
});

describe('a path with a variable in it', () => {
  it.each([
    [{ APIKEY_DATA_DIR: '$HOME/keys' }, [], 'APIKEY_DATA_DIR', 'use ~ in place of $HOME'],
    [{ APIKEY_DATA_DIR: '${HOME}/keys' }, [], 'APIKEY_DATA_DIR', 'use ~ in place of ${HOME}'],
    [{ APIKEY_REGISTRY: 'sqlite:$HOME/keys' }, [], 'APIKEY_REGISTRY', 'use ~ in place of $HOME'],
    [{ APIKEY_KEYS: 'file:/x/$USER/keys' }, [], 'APIKEY_KEYS', 'write out what $USER stands for'],
    [{ APIKEY_CONFIG: '$HOME/a.toml' }, [], 'APIKEY_CONFIG', 'use ~ in place of $HOME'],
    [{}, ['--config', '$HOME/a.toml'], '--config', 'use ~ in place of $HOME'],
    [{ APIKEY_DATA_DIR: '~root/keys' }, [], 'APIKEY_DATA_DIR', './~root'],
  ])('%j %j is refused', async (env, argv, source, fix) => {
    using session = new Session();
    const refused = await session.run(['issue', '--client', 'a', '--json', ...argv], { env });
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'CONFIG_INVALID']);
    expect(errorOf(refused).message).toContain(source);
    expect(errorOf(refused).fix).toContain(fix);
    expect(readdirSync(session.home)).toEqual(['work']);
  });

  it('in a file is named with its line, and ~ works', async () => {
    using session = new Session();
    const path = join(session.cwd, 'apikey.toml');
    writeFileSync(path, '[envs.local]\nkeys = "file:$HOME/keys"\n');
    expect(errorOf(await session.run(['list', '--json'])).message).toContain(`${path}:2 (keys): this path holds`);
    writeFileSync(path, '[envs.local]\nkeys = "file:~/keys"\nregistry = "sqlite:~/a$b"\n');
    expect((await session.run(['issue', '--client', 'a'])).code).toBe(0);
    expect(readdirSync(session.home).toSorted()).toEqual(['a$b', 'keys', 'work']);
  });
});
