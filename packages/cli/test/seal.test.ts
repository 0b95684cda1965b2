/** Seals of the audit log: made, kept and verified; what they show that a chain cannot; and that none is ever a token. */
import { createAuthorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import {
  assemble,
  encodeHeader,
  isSigningAlg,
  SEAL_TYPE,
  signingInput,
  TOKEN_TYPE,
  type RingName,
} from '@apikey/shared';
import { localKeyProvider } from '@apikey/shared/local';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import { errorOf, Session, type Result, type RunOptions } from './session.ts';

let session: Session;
let token = '';
beforeEach(async () => {
  session = new Session();
  ({ token } = await session.issue('--client', 'partner'));
  await session.issue('--client', 'billing');
});
afterEach(() => session[Symbol.dispose]());

interface Seal {
  readonly seal: string;
  readonly kid: string;
  readonly at: string;
  readonly chains: number;
}
interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly kind: string; readonly aggregate: string; readonly note: string | null }[];
  readonly seal: { readonly kid: string; readonly trusted: boolean } | null;
}

async function ok(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await session.run(argv);
  if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${code} ${stderr}`);
  return stdout;
}
/** Makes a seal, and leaves it in the file `seal.jws`. */
async function sealed(): Promise<Seal> {
  const made: Seal = JSON.parse(await ok('audit', 'seal', '--json'));
  writeFileSync(join(session.cwd, 'seal.jws'), `${made.seal}\n`);
  return made;
}
const verify = (seal = 'seal.jws', options: RunOptions = {}): Promise<Result> =>
  session.run(['audit', 'verify', '--seal', seal, '--json'], options);
async function report(seal?: string): Promise<Report & { readonly code: number }> {
  const { code, stdout, stderr } = await verify(seal);
  if (stdout === '') throw new Error(stderr);
  const parsed: Report = JSON.parse(stdout);
  return { code, ...parsed };
}
const registry = (): string => join(session.dataDir, 'registry.db');
/** As somebody does who can write the registry, and knows what it keeps where. */
function tamper(sql: string): void {
  const db = new DatabaseSync(registry());
  db.exec(sql);
  db.close();
}

/** Signs whatever it is told to with the active key of a ring, as whoever holds its file can. */
async function forge(ring: RingName, typ: typeof TOKEN_TYPE | typeof SEAL_TYPE, payload: Buffer): Promise<string> {
  const keys: { kid: string; alg: string; ref: string; state: string }[] = JSON.parse(
    await ok('keys', 'list', '--ring', ring, '--json'),
  );
  const { kid, alg, ref } = keys.find(({ state }) => state === 'active') ?? expect.fail(`no key in ring ${ring}`);
  if (!isSigningAlg(alg)) throw new TypeError('not an algorithm to sign with');
  const input = signingInput(encodeHeader(alg, kid, typ), payload);
  const { signature } = await localKeyProvider({ dataDir: session.dataDir }).sign(ref, alg, input);
  return assemble(input, signature);
}
const payloadOf = (jws: string): Buffer => Buffer.from(jws.split('.')[1] ?? '', 'base64url');

describe('apikey audit seal', () => {
  it('prints one line that is a seal, tells the rest on stderr, and keeps it for its owner alone', async () => {
    const { code, stdout, stderr } = await session.run(['audit', 'seal']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]{86}\n$/);
    expect(stderr).toContain('Made a key for seals (ES256) in a key ring of its own');
    expect(stderr).not.toContain('eyJ');
    expect(JSON.parse(payloadOf(stdout).toString())).toMatchObject({
      iss: 'https://apikey.localhost',
      env: 'local',
      at: '2026-11-20T12:00:00.000Z',
    });
    const [name = ''] = readdirSync(join(session.dataDir, 'seals'));
    expect(readFileSync(join(session.dataDir, 'seals', name), 'utf8')).toBe(stdout);
    expect(statSync(join(session.dataDir, 'seals', name)).mode & 0o777).toBe(0o600);
    expect(await report('latest')).toMatchObject({ code: 0, ok: true, seal: { trusted: true } });
  });

  it('is told in JSON, on stdout alone, and planned without a trace', async () => {
    const plan = await session.run(['audit', 'seal', '--dry-run', '--json']);
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(plan.stdout)).toEqual({ dryRun: true, kid: null, makesKey: true, chains: 4, env: 'local' });
    expect(await ok('keys', 'list', '--ring', 'seal')).toBe('');
    const made = await session.run(['audit', 'seal', '--json']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toMatchObject({ chains: 4, madeKey: true, to: null, env: 'local' });
    expect(JSON.parse(await ok('audit', 'seal', '--json'))).toMatchObject({ chains: 4, madeKey: false });
  });

  it('puts a copy into a new file, or a new one each day into a directory, and then prints no seal', async () => {
    expect(await ok('audit', 'seal', '--to', 'a.jws')).toBe('');
    expect(statSync(join(session.cwd, 'a.jws')).mode & 0o777).toBe(0o600);
    expect(await report('a.jws')).toMatchObject({ code: 0 });
    const again = await session.run(['audit', 'seal', '--to', 'a.jws', '--json']);
    expect(again.code).toBe(5);
    expect(errorOf(again).code).toBe('FILE_EXISTS');
    await ok('audit', 'seal', '--to', 'a.jws', '--force');
    mkdirSync(join(session.cwd, 'copies'));
    await ok('audit', 'seal', '--to', 'copies');
    session.now += 86_400_000;
    await ok('audit', 'seal', '--to', 'copies/');
    expect(readdirSync(join(session.cwd, 'copies')).toSorted()).toEqual([
      'seal-2026-11-20T12-00-00.000Z.jws',
      'seal-2026-11-21T12-00-00.000Z.jws',
    ]);
    // Refused before anything was signed.
    const kept = readdirSync(join(session.dataDir, 'seals')).length;
    for (const [to, code] of [
      ['no/such/directory', 3],
      ['', 2],
      ['-', 2],
      ['ssm:no-path', 2],
    ] as const) {
      expect((await session.run(['audit', 'seal', '--to', to])).code).toBe(code);
    }
    expect(readdirSync(join(session.dataDir, 'seals'))).toHaveLength(kept);
  });

  it('needs an environment that is set up', async () => {
    using bare = new Session();
    expect((await bare.run(['audit', 'seal'])).code).toBe(3);
    expect((await bare.run(['keys', 'create', '--ring', 'seal'])).code).toBe(3);
  });
});

describe('apikey audit verify --seal', () => {
  it('is content while everything only goes on: more tokens, clients, rotated keys', async () => {
    const { kid } = await sealed();
    await session.issue('--client', 'partner');
    await session.issue('--client', 'newcomer');
    await ok('keys', 'rotate', '--ring', 'seal', '--now');
    session.now += 600_000;
    await ok('keys', 'retire', '--ring', 'seal', '--', kid);
    expect(await report()).toMatchObject({ code: 0, ok: true, findings: [], seal: { kid, trusted: true } });
  });

  it('shows that a whole client was removed with all that it had, where the bare chains show nothing', async () => {
    await sealed();
    tamper(`DELETE FROM client WHERE id = 'billing'; DELETE FROM token WHERE client = 'billing';
      DELETE FROM event WHERE aggregate = 'client:billing'`);
    expect((await session.run(['audit', 'verify'])).code).toBe(0);
    expect(await report()).toMatchObject({
      code: 11,
      findings: [{ kind: 'sealed_missing', aggregate: 'client:billing' }],
    });
  });

  it('shows that an older backup was restored, where the bare chains show nothing', async () => {
    copyFileSync(registry(), join(session.home, 'backup.db'));
    await session.run(['revoke', '--client', 'partner', '--all', '--yes']);
    const { seal } = await sealed();
    const file = (name: string, text: string): void => writeFileSync(join(session.cwd, name), text);
    file('seal-keys.json', await ok('keys', 'export', '--ring', 'seal'));
    file('main-keys.json', await ok('keys', 'export'));
    file('main.jws', await forge('main', SEAL_TYPE, payloadOf(seal)));
    copyFileSync(join(session.home, 'backup.db'), registry());
    for (const tail of ['-wal', '-shm']) rmSync(`${registry()}${tail}`, { force: true });
    expect((await session.run(['audit', 'verify'])).code).toBe(0);
    // The backup is older than the first seal: the ring that made it is gone with the rest, and nothing is vouched for.
    expect(await report()).toMatchObject({
      code: 11,
      seal: { trusted: false },
      findings: [{ kind: 'seal_untrusted' }],
    });
    // Unless somebody kept its public key: then it tells what is missing.
    const found = async (...flags: readonly string[]): Promise<string[][]> => {
      const { stdout } = await session.run(['audit', 'verify', '--json', ...flags]);
      const { findings }: Report = JSON.parse(stdout);
      return findings.map(({ kind, aggregate }) => [kind, aggregate]);
    };
    expect(await found('--seal', 'seal.jws', '--seal-keys', 'seal-keys.json')).toEqual([
      ['sealed_cut', 'client:partner'],
      ['sealed_missing', 'ring:seal'],
    ]);
    // Keys of tokens vouch for no seal, whoever keeps them.
    expect(await found('--seal', 'main.jws', '--seal-keys', 'main-keys.json')).toEqual([
      ['seal_untrusted', 'ring:seal'],
    ]);
  });

  it('names each chain that is shorter than it was sealed', async () => {
    await ok('keys', 'create', '--ring', 'seal');
    copyFileSync(registry(), join(session.home, 'backup.db'));
    await session.run(['revoke', '--client', 'partner', '--all', '--yes']);
    await sealed();
    copyFileSync(join(session.home, 'backup.db'), registry());
    for (const tail of ['-wal', '-shm']) rmSync(`${registry()}${tail}`, { force: true });
    expect((await session.run(['audit', 'verify'])).code).toBe(0);
    expect(await report()).toMatchObject({
      code: 11,
      seal: { trusted: true },
      findings: [{ kind: 'sealed_cut', aggregate: 'client:partner' }],
    });
  });

  it('works on an export, and with the keys from a file where there are no others', async () => {
    await sealed();
    await ok('audit', 'export', '-o', 'audit.jsonl');
    writeFileSync(join(session.cwd, 'seal-keys.json'), await ok('keys', 'export', '--ring', 'seal'));
    rmSync(session.dataDir, { recursive: true });
    const argv = ['audit', 'verify', '--from', 'audit.jsonl', '--seal', 'seal.jws'];
    expect((await session.run(argv)).code).toBe(3);
    expect((await session.run([...argv, '--seal-keys', 'seal-keys.json'])).code).toBe(0);
    expect((await session.run([...argv, '--seal-keys', 'seal.jws'])).code).toBe(2);
  });

  it.each([
    ['nothing', () => '', 2, 'INVALID_INPUT'],
    ['a token', () => token, 9, 'SEAL_INVALID'],
    ['half of one', (seal: string) => seal.slice(0, seal.length / 2), 9, 'SEAL_INVALID'],
    ['two of them', (seal: string) => `${seal}\n${seal}`, 9, 'SEAL_INVALID'],
    ['bytes', () => Buffer.from([0xff, 0xfe, 0x00]), 9, 'SEAL_INVALID'],
  ])('refuses %s', async (_, text, code, name) => {
    const { seal } = await sealed();
    const result = await verify('-', { stdin: text(seal) });
    expect({ code: result.code, name: errorOf(result).code }).toEqual({ code, name });
  });

  it('refuses an edited seal, one of another environment, and files that are none', async () => {
    const { seal } = await sealed();
    const [header = '', payload = '', signature = ''] = seal.split('.');
    const edited = Buffer.from(payload, 'base64url').toString().replace('client:billing', 'client:another');
    const stdin = `${header}.${Buffer.from(edited).toString('base64url')}.${signature}`;
    expect(errorOf(await verify('-', { stdin })).code).toBe('SEAL_INVALID');
    expect(errorOf(await verify('seal.jws', { env: { APIKEY_ISSUER: 'https://other.example' } })).code).toBe(
      'SEAL_FOREIGN',
    );
    expect(errorOf(await verify('nowhere.jws')).code).toBe('FILE_NOT_FOUND');
    expect(errorOf(await verify('.')).code).toBe('INVALID_INPUT');
    using fresh = new Session();
    await fresh.issue('--client', 'partner');
    const none = await fresh.run(['audit', 'verify', '--seal', 'latest', '--json']);
    expect({ code: none.code, name: errorOf(none).code }).toEqual({ code: 3, name: 'SEAL_NOT_FOUND' });
  });

  it('reports a seal by a key that was revoked, that signs tokens, or that nobody knows', async () => {
    const { seal, kid } = await sealed();
    const untrusted = { code: 11, ok: false, seal: { trusted: false }, findings: [{ kind: 'seal_untrusted' }] };
    writeFileSync(join(session.cwd, 'main.jws'), await forge('main', SEAL_TYPE, payloadOf(seal)));
    expect(await report('main.jws')).toMatchObject(untrusted);
    using stranger = new Session();
    await stranger.issue('--client', 'partner');
    const foreign = await stranger.run(['audit', 'seal']);
    writeFileSync(join(session.cwd, 'foreign.jws'), foreign.stdout);
    expect(await report('foreign.jws')).toMatchObject(untrusted);
    await ok('keys', 'revoke', '--ring', 'seal', '--reason', 'laptop lost', `--confirm=${kid}`, '--', kid);
    expect(await report()).toMatchObject(untrusted);
    expect((await report()).findings[0]?.note).toContain('revoked');
    const next = await session.run(['audit', 'seal']);
    expect(next).toMatchObject({ code: 5, stderr: expect.stringContaining('apikey keys rotate --ring seal --now') });
    await ok('keys', 'rotate', '--ring', 'seal', '--now');
    expect((await session.run(['audit', 'seal'])).code).toBe(0);
  });
});

describe('a seal', () => {
  it('opens nothing, nor does whatever else its key signs', async () => {
    const { seal } = await sealed();
    const claims = payloadOf(token);
    const authorizer = createAuthorizer({
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      status: localStatus({ dataDir: session.dataDir }),
      keys: localKeys({ dataDir: session.dataDir }),
      clock: { wall: () => session.now, monotonic: () => session.now },
    });
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
    const denied = async (text: string): Promise<unknown> => {
      const decision = await authorizer.authorize({ token: text });
      return decision.allowed ? 'allowed' : decision.reason;
    };
    expect(await denied(seal)).toBe('wrong_type');
    // The claims of a live token: only the key is another, or only the type.
    expect(await denied(await forge('seal', TOKEN_TYPE, claims))).toBe('key_unknown');
    expect(await denied(await forge('main', SEAL_TYPE, claims))).toBe('wrong_type');
    for (const text of [seal, await forge('seal', TOKEN_TYPE, claims)]) {
      expect((await session.run(['verify'], { stdin: text })).code).toBe(10);
      expect((await session.run(['revoke', '--token', '--yes'], { stdin: text })).code).toBe(2);
    }
  });

  it('has keys that doctor does not take for left over', async () => {
    await sealed();
    const { code, stdout } = await session.run(['doctor']);
    expect({ code, unused: stdout.includes('no key file is outside the ring') }).toEqual({ code: 0, unused: true });
  });
});
