/** The restore drill on the embedded backend: the danger of an old backup, shown, and what ends it. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthorizer, type Authorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { describe, expect, it } from 'vitest';
import { Session } from './session.ts';

const DATABASE = 'registry.db';

/** Decides as an API would, reading whatever registry lies there now. */
function guard(session: Session): Authorizer {
  const { dataDir } = session;
  return createAuthorizer({
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
    status: localStatus({ dataDir }),
    keys: localKeys({ dataDir }),
    clock: { wall: () => session.now, monotonic: () => session.now },
  });
}

/** Those of the tokens that the API lets in. */
async function admitted(session: Session, tokens: readonly string[]): Promise<string[]> {
  const authorizer = guard(session);
  const verdicts = await Promise.all(tokens.map((token) => authorizer.authorize({ token })));
  return tokens.filter((_, index) => verdicts[index]?.allowed === true);
}

interface Issued {
  readonly token: string;
  readonly jti: string;
}

async function issue(session: Session, client: string): Promise<Issued> {
  const { stdout } = await session.run(['issue', '--client', client, '--json']);
  return JSON.parse(stdout) as Issued;
}

async function must(session: Session, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await session.run(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** SQLite keeps what is new beside the file until it is closed for good; the commands here close it each time. */
const backup = (session: Session): void =>
  copyFileSync(join(session.dataDir, DATABASE), join(session.home, 'backup.db'));
function setBack(session: Session): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(session.dataDir, DATABASE + suffix), { force: true });
  copyFileSync(join(session.home, 'backup.db'), join(session.dataDir, DATABASE));
}

/** Issue, back up, then end tokens in every way there is, and export. */
async function drill(session: Session): Promise<{ dead: string[]; alive: string[]; file: string }> {
  const [revoked, replaced, ofClient, suspended, kept] = (await Promise.all(
    ['revoked', 'replaced', 'of-client', 'suspended', 'kept'].map((client) => issue(session, client)),
  )) as [Issued, Issued, Issued, Issued, Issued];
  backup(session);
  const file = join(session.home, 'audit.jsonl');
  await must(session, 'audit', 'export', '-o', file);
  session.now += 60_000;
  await must(session, 'revoke', revoked.jti, '--yes', '--reason', 'leaked');
  await must(session, 'clients', 'revoke', 'of-client', '--confirm', 'of-client');
  await must(session, 'clients', 'suspend', 'suspended', '--yes');
  const successor = join(session.home, 'successor.token');
  await must(session, 'rotate', replaced.jti, '--grace', '0', '-o', successor, '--yes');
  const late = await issue(session, 'late');
  await must(session, 'audit', 'export', '-o', file, '--append');
  session.now += 1_000;
  return {
    dead: [revoked.token, replaced.token, ofClient.token, suspended.token],
    alive: [kept.token, late.token, readFileSync(successor, 'utf8').trim()],
    file,
  };
}

describe('a registry that is restored from a backup', () => {
  it('lets dead tokens live again, until `apikey restore` puts back what it lacks', async () => {
    using session = new Session();
    const { dead, alive, file } = await drill(session);
    expect(await admitted(session, [...dead, ...alive])).toEqual(alive);
    setBack(session);
    // The danger: all that was ended lives, and what was made since is unknown.
    expect(await admitted(session, [...dead, ...alive])).toEqual([...dead, alive[0]]);

    const plan = await session.run(['restore', '--from', file, '--dry-run']);
    expect(plan.code).toBe(0);
    expect(plan.stderr).toContain('4 endings among them do not hold now');
    expect(await admitted(session, dead)).toEqual(dead);

    const restored = await session.run(['restore', '--from', file, '--yes']);
    expect(restored.code).toBe(0);
    expect(restored.stderr).toContain('Restored');
    expect(await admitted(session, [...dead, ...alive])).toEqual(alive);
    expect((await session.run(['audit', 'verify'])).code).toBe(0);
    const again = await session.run(['restore', '--from', file, '--yes']);
    expect(again).toMatchObject({ code: 0, stdout: '' });
    expect(again.stderr).toContain('lacks nothing');
    expect(again.stderr).toContain('Next: apikey audit verify');
  });

  it('is made anew from the export alone where nothing else is left', async () => {
    using session = new Session();
    const { dead, alive, file } = await drill(session);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(session.dataDir, DATABASE + suffix), { force: true });
    expect((await session.run(['restore', '--from', file, '--dry-run'])).code).toBe(5);
    await must(session, 'restore', '--from', file, '--yes');
    expect(await admitted(session, [...dead, ...alive])).toEqual(alive);
    expect((await session.run(['audit', 'verify'])).code).toBe(0);
  });

  it('asks first: without a terminal it wants --yes', async () => {
    using session = new Session();
    const { dead, file } = await drill(session);
    setBack(session);
    const { code, stderr } = await session.run(['restore', '--from', file]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFIRMATION_REQUIRED') });
    expect(await admitted(session, dead)).toEqual(dead);
  });

  it('keeps a request from being issued twice after it was put back', async () => {
    using session = new Session();
    await issue(session, 'first');
    backup(session);
    await must(session, 'issue', '--client', 'partner', '--request-id', 'ticket-1');
    const file = join(session.home, 'audit.jsonl');
    await must(session, 'audit', 'export', '-o', file);
    setBack(session);
    await must(session, 'restore', '--from', file, '--yes');
    const { code, stdout } = await session.run(['issue', '--client', 'partner', '--request-id', 'ticket-1']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  });

  it('refuses an export of another environment, one that was edited, and one that contradicts what was done since', async () => {
    using session = new Session();
    const { file } = await drill(session);
    setBack(session);
    const refused = async (path: string): Promise<unknown> => {
      const { code, stderr } = await session.run(['restore', '--from', path, '--yes', '--json']);
      return { code, error: (JSON.parse(stderr) as { error: { code: string } }).error.code };
    };
    const text = readFileSync(file, 'utf8');
    const other = join(session.home, 'other.jsonl');
    writeFileSync(other, text.replace('"env":"local"', '"env":"staging"'));
    expect(await refused(other)).toMatchObject({ code: 5, error: 'EXPORT_MISMATCH' });
    const edited = join(session.home, 'edited.jsonl');
    writeFileSync(edited, text.replace('"reason":"leaked"', '"reason":"leakeD"'));
    expect(await refused(edited)).toMatchObject({ code: 9, error: 'EXPORT_DAMAGED' });
    expect(await refused(join(session.home, 'nothing.jsonl'))).toMatchObject({ code: 3, error: 'FILE_NOT_FOUND' });
    await must(session, 'clients', 'set', 'revoked', '--contact', 'ops@partner.example');
    expect(await refused(file)).toMatchObject({ code: 5, error: 'EXPORT_MISMATCH' });
  });
});
