/** No token is found anywhere but where it was meant to go: every command, its failures, and a token in each wrong place. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sized } from './built-cli.ts';
import { Canaries } from './canary.ts';
import { tellStory } from './canary-story.ts';
import { CanaryWorld, leaves } from './canary-world.ts';
import { canWatchProcesses, ProcessWatch } from './process-watch.ts';
import { misplacements, PLACES } from './misplaced.ts';
import { Session } from './session.ts';

const WRITTEN_LATER = 20_000;

describe('the search', () => {
  let session: Session;
  let token = '';
  beforeAll(async () => {
    session = new Session();
    ({ token } = await session.issue('--client', 'partner'));
  });
  afterAll(() => session[Symbol.dispose]());

  const rndOf = (jws: string): string => {
    const { rnd }: { rnd: string } = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
    return rnd;
  };
  const parts = (): string[] => token.split('.');
  it.each<readonly [string, () => string | Uint8Array]>([
    ['a token', () => `<td>${token}</td>`],
    ['its payload', () => parts()[1] ?? ''],
    ['its signature', () => parts()[2] ?? ''],
    ['forty characters of its signature', () => (parts()[2] ?? '').slice(23, 63)],
    ['its random part', () => `{"rnd":"${rndOf(token)}"}`],
    ['its claims as JSON', () => Buffer.from(parts()[1] ?? '', 'base64url')],
    ['its signature as bytes', () => Buffer.from(parts()[2] ?? '', 'base64url')],
    ['its signature as hex', () => Buffer.from(parts()[2] ?? '', 'base64url').toString('hex')],
    ['it in base64', () => Buffer.from(token).toString('base64')],
    ['it in the base64 of a pair', () => btoa(`partner:${token}`)],
    ['it in the base64 of a JSON', () => btoa(JSON.stringify({ token, more: 1 }))],
    ['it percent-encoded', () => [...token].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('')],
    ['it in a URL', () => `https://api.example.gov/?token=${encodeURIComponent(token)}`],
    ['it as UTF-16', () => Buffer.from(token, 'utf16le')],
  ])('finds %s', (_, planted) => {
    expect(new Canaries(token).search(planted())).not.toEqual([]);
  });

  it('finds it in files, in their names, and in a database and the log that SQLite keeps beside it', () => {
    const directory = join(session.home, 'planted');
    mkdirSync(directory);
    writeFileSync(join(directory, 'a.lock'), `12@host ${token}`);
    writeFileSync(join(directory, `x${parts()[2]}`), '');
    const db = new DatabaseSync(join(directory, 'registry.db'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE note (text TEXT)');
    // Longer than a page, so that SQLite cuts it.
    db.prepare('INSERT INTO note VALUES (?)').run('x'.repeat(WRITTEN_LATER) + token);
    const places = new Set(new Canaries(token).searchFiles(directory).map((hit) => hit.split(':')[0]));
    expect(places).toEqual(new Set(['a.lock', 'registry.db-wal', `x${parts()[2]}`]));
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(new Canaries(token).searchFiles(directory).join()).toContain('registry.db:');
    db.close();
  });

  it.runIf(canWatchProcesses)(
    'finds it in arguments and environment of a process and of what that starts',
    async () => {
      const wait = 'process.stdin.resume()';
      const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(wait)}, process.env.T], { stdio: ['pipe', 'inherit', 'inherit'] })`;
      const planted = spawn(process.execPath, ['-e', `${child}; ${wait}`, 'x'], {
        env: { T: token },
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      using watch = new ProcessWatch(planted.pid ?? 0, new Canaries(token), false);
      await expect
        .poll(() => new Set([...watch.hits].map((hit) => hit.split(':')[0])), { timeout: 30_000 })
        .toEqual(new Set(['the arguments of a child', 'the environment of a child', 'the environment of the process']));
      planted.kill();
      await once(planted, 'close');
    },
  );

  it('finds nothing of a token in what tells of it', async () => {
    const { jti }: { jti: string } = JSON.parse(Buffer.from(parts()[1] ?? '', 'base64url').toString());
    const { stdout } = await session.run(['show', jti, '--json']);
    expect(stdout).toContain(jti);
    expect(new Canaries(token).search(stdout)).toEqual([]);
    // Another token of the same claims but those that are new each time.
    const other = await session.issue('--client', 'partner');
    expect(new Canaries(token).search(other.token)).toEqual([]);
  });
});

describe('every command', () => {
  let world: CanaryWorld;
  beforeAll(async () => {
    world = new CanaryWorld();
    await tellStory(world, { iamCode: 2, reconcile: [['--lookup'], 5] });
  }, 300_000);
  afterAll(() => world[Symbol.dispose]());

  it('leaves no token in streams, logs, answers, files, or what the system shows of processes', () => {
    world.searchFiles('at the end');
    expect(world.verdict()).toEqual({ hits: [], blind: false });
  });

  it('was run: a command that is new has to be told in the story as well', () => {
    expect(world.missed()).toEqual([]);
  });

  it.each(['registry.db', 'keys', 'public'])('leaves none where %s is damaged', async (name) => {
    using broken = world.damaged(name);
    const { token, jti } = await world.token('issue', '--client', 'partner');
    broken.canaries.add(token);
    const codes: (number | null)[] = [];
    for (const args of [
      ['issue', '--client', 'partner', '--json'],
      ['verify'],
      ['revoke', '--token', '--yes'],
      ['activate', jti],
      ['list', '--all'],
      ['doctor', '--json'],
    ]) {
      codes.push((await broken.run([...args, '--debug'], { stdin: token, code: 'any', reveals: true })).code);
    }
    expect(Math.max(...codes.map(Number))).toBeGreaterThan(3);
    broken.searchFiles('at the end');
    expect(broken.verdict()).toEqual({ hits: [], blind: false });
  });
});

describe('a token in the wrong place', () => {
  let session: Session;
  let canaries: Canaries;
  let token = '';
  let jti = '';
  beforeAll(async () => {
    session = new Session();
    ({ token, jti } = await session.issue('--client', 'partner'));
    canaries = new Canaries(token);
  });
  afterAll(() => session[Symbol.dispose]());

  const outputs = [['--debug'], ['--debug', '--json'], []] as const;
  const places = [...leaves()].flatMap(([name, definition]) => misplacements(name, definition));

  it('has an argument line for every command', () => {
    expect(Object.keys(PLACES).toSorted()).toEqual([...leaves()].map(([name]) => name).toSorted());
    expect(places.length).toBeGreaterThan(300);
  });

  it.each([...leaves()].map(([name]) => name))('of apikey %s is shown nowhere', async (name) => {
    const own = places.filter((place) => place.command === name);
    for (const [index, { args }] of own.entries()) {
      const spelled = args({ token, jti });
      // All outputs in the long run, one after the other in the short one; terminals narrow enough to break lines.
      for (const output of sized(0, 1) === 1 ? outputs : [outputs[index % outputs.length] ?? []]) {
        for (const tty of output.length === 0 ? [true, false] : [false]) {
          const options = { stdin: token, tty, columns: 40, interrupted: AbortSignal.abort() };
          const live = name === 'serve' ? options : { stdin: token, tty, columns: 40 };
          const { stdout, stderr } = await session.run([...spelled, ...output], live);
          expect({ args: spelled, found: canaries.search(stdout + stderr) }).toMatchObject({ found: [] });
        }
      }
    }
  });

  it('of the configuration is shown nowhere', async () => {
    const settings = ['registry', 'keys', 'issuer', 'audience', 'default_ttl', 'max_ttl', 'default_grace'];
    const commands = [['config', 'show'], ['config', 'path'], ['list'], ['issue', '--client', 'partner'], ['doctor']];
    for (const setting of settings) {
      writeFileSync(join(session.cwd, 'wrong.toml'), `[envs.local]\n${setting} = "${token}"\n`);
      const variable = { [`APIKEY_${setting.toUpperCase()}`]: token };
      for (const command of commands) {
        for (const output of [['--debug'], ['--json']]) {
          const inFile = await session.run([...command, ...output, '--config', 'wrong.toml']);
          const inVariable = await session.run([...command, ...output], { env: variable });
          const shown = [inFile, inVariable].map(({ stdout, stderr }) => stdout + stderr).join('');
          expect({ setting, command, found: canaries.search(shown) }).toMatchObject({ found: [] });
        }
      }
    }
    for (const wrong of [
      `${token} = 1`,
      `env = "${token}"`,
      `[envs.${token}]`,
      `"${token}`,
      `[envs.local]\n${token} = 1`,
    ]) {
      writeFileSync(join(session.cwd, 'wrong.toml'), wrong);
      const { code, stdout, stderr } = await session.run(['list', '--debug', '--config', 'wrong.toml']);
      expect({ wrong, code, found: canaries.search(stdout + stderr) }).toMatchObject({ code: 2, found: [] });
    }
  });

  it('is in no file but those that were named after it', () => {
    const named = (path: string): boolean => path.includes('eyJ') || path.endsWith('.toml');
    expect(canaries.searchFiles(session.home, named)).toEqual([]);
    expect(canaries.searchFiles(session.dataDir)).toEqual([]);
  });
});
