import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLocalRegistry, openLocalRegistry } from '@apikey/shared/local';
import { verifyChain, type TokenRecord } from '@apikey/shared';
import { sha256Hex } from '../src/jose/digest.ts';
import { collect, temporaryDirectory, testJti, type TemporaryDirectory } from '../src/testing/index.ts';
import type { WorkerJob, WorkerLine } from './local-worker.ts';

const WORKER = fileURLToPath(new URL('local-worker.ts', import.meta.url));
const NODE = [process.execPath, '--conditions=@apikey/source', WORKER] as const;
const ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const SLOW = { timeout: 120_000 };

let parent: TemporaryDirectory;
let dataDir = '';

beforeEach(() => {
  parent = temporaryDirectory();
  dataDir = join(parent.path, 'data');
});
afterEach(() => parent.remove());

interface Worker {
  readonly child: ChildProcess;
  readonly lines: WorkerLine[];
  readonly ended: Promise<void>;
}

/** Starts a worker; `wrap` puts another command in front of it. */
function start(
  job: Partial<WorkerJob>,
  options: { wrap?: readonly string[]; user?: number; onLine?: (lines: number, child: ChildProcess) => unknown } = {},
): Worker {
  const whole = JSON.stringify({ dataDir, client: 'partner', commits: 1, salt: 'a', ...job });
  const [command, ...args] = [...(options.wrap ?? []), ...NODE, whole];
  const identity = options.user === undefined ? {} : { uid: options.user, gid: options.user };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...identity });
  const lines: WorkerLine[] = [];
  const ended = (async () => {
    for await (const text of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(text));
      options.onLine?.(lines.length, child);
    }
  })();
  return { child, lines, ended };
}

async function work(job: Partial<WorkerJob>, options: Parameters<typeof start>[1] = {}): Promise<WorkerLine[]> {
  const { lines, ended } = start(job, options);
  await ended;
  return lines;
}

function committed(lines: readonly WorkerLine[]): string[] {
  return lines.flatMap((line) => (line.event === 'committed' ? [line.jti] : []));
}

/** The client's tokens, once its chain and the file were found sound. */
async function soundTokens(client = 'partner'): Promise<TokenRecord[]> {
  const registry = openLocalRegistry({ dataDir, create: false });
  try {
    const head = await registry.getClient(client);
    const events = await collect(registry.eventsOf({ kind: 'client', id: client }));
    const tokens = await collect(registry.tokensOfClient(client));
    expect(head?.version).toBe(tokens.length);
    expect(head && verifyChain({ kind: 'client', id: client }, events, head, sha256Hex)).toBeUndefined();
    return tokens;
  } finally {
    await registry.close();
    expect(checkLocalRegistry(dataDir)).toEqual([]);
  }
}

describe('several processes', () => {
  it('set up one registry together and lose no commit to one client', SLOW, async () => {
    const reports = await Promise.all(['a', 'b', 'c', 'd'].map((salt) => work({ salt, commits: 25 })));
    for (const lines of reports) expect(lines.at(-1)).toEqual({ event: 'done' });
    const tokens = await soundTokens();
    expect(tokens.map(({ jti }) => jti)).toEqual(reports.flatMap(committed).toSorted());
    expect(tokens).toHaveLength(100);
  });

  it('wait for each other while one of them sets the registry up', SLOW, async () => {
    mkdirSync(dataDir);
    const first = new DatabaseSync(join(dataDir, 'registry.db'));
    first.exec('BEGIN IMMEDIATE');
    const release = (): void => {
      first.exec('ROLLBACK');
      first.close();
    };
    // Released some time after the second began, which must succeed whenever that is.
    const lines = await work({ announce: true }, { onLine: (count) => count === 1 && setTimeout(release, 300) });
    expect(lines.map(({ event }) => event)).toEqual(['opening', 'committed', 'done']);
  });

  it(
    'see what another committed before the registry file was moved away and after it was moved back',
    SLOW,
    async () => {
      const registry = openLocalRegistry({ dataDir, create: true });
      expect(await registry.getClient('partner')).toBeUndefined();
      await work({ salt: 'a' });
      expect(await registry.getToken('partner', testJti(0, 'a'))).toBeDefined();

      const away = join(parent.path, 'away.db');
      renameSync(join(dataDir, 'registry.db'), away);
      await expect(registry.getToken('partner', testJti(0, 'a'))).rejects.toMatchObject({ name: 'UnavailableError' });
      expect(await work({ salt: 'b', create: false })).toMatchObject([{ event: 'failed', code: 'REGISTRY_NOT_FOUND' }]);
      renameSync(away, join(dataDir, 'registry.db'));

      expect(await registry.getToken('partner', testJti(0, 'a'))).toBeDefined();
      await work({ salt: 'c', create: false });
      expect(await registry.getToken('partner', testJti(0, 'c'))).toBeDefined();
      await registry.close();
      expect(await soundTokens()).toHaveLength(2);
    },
  );
});

describe('a writer that is killed', () => {
  it('loses nothing that it reported', SLOW, async () => {
    const reported: string[] = [];
    for (const [round, after] of [1, 4, 9].entries()) {
      // The kill meets the worker somewhere in the commit after the last one it reported.
      const lines = await work(
        { salt: `b${round}`, commits: 500 },
        { onLine: (count, child) => count === after && child.kill('SIGKILL') },
      );
      expect(lines.at(-1)?.event).toBe('committed');
      reported.push(...committed(lines));
    }
    const held = new Set((await soundTokens()).map(({ jti }) => jti));
    expect(reported.filter((jti) => !held.has(jti))).toEqual([]);
    expect(reported.length).toBeGreaterThanOrEqual(14);
  });
});

describe('files and directories', () => {
  it('are for their owner alone, whatever the umask', SLOW, async () => {
    // A reader that stays keeps SQLite's two other files in place.
    await work({ umask: 0, createKey: true });
    const registry = openLocalRegistry({ dataDir, create: false });
    await registry.getClient('partner');
    await work({ salt: 'b', umask: 0 });
    const found = tree(dataDir);
    await registry.close();
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['registry.db', 'registry.db-wal', 'registry.db-shm', 'keys', 'public']),
    );
    for (const { mode, directory } of found) expect(mode).toBe(directory ? '700' : '600');
    expect((statSync(dataDir).mode % 0o1000).toString(8)).toBe('700');
  });

  // Root may write anywhere, so that the worker runs as somebody else where the tests run as root.
  const user = ROOT ? NOBODY : undefined;

  it('are refused by name when the data directory cannot be written', SLOW, async () => {
    mkdirSync(dataDir, { mode: 0o755 });
    chmodSync(parent.path, 0o755);
    if (user === undefined) chmodSync(dataDir, 0o555);
    const options = user === undefined ? {} : { user };
    const [line] = await work({}, options);
    expect(line).toMatchObject({ event: 'failed', name: 'AccessDeniedError', code: 'ACCESS_DENIED' });
    const [keyLine] = await work({ createKey: true }, options);
    expect(keyLine).toMatchObject({ event: 'failed', name: 'AccessDeniedError', code: 'ACCESS_DENIED' });
    expect(readdirSync(dataDir)).toEqual([]);
    chmodSync(dataDir, 0o755);
  });

  it('are refused by name when the registry belongs to somebody else, or may only be read', SLOW, async () => {
    await work({ salt: 'a' });
    chmodSync(parent.path, 0o755);
    chmodSync(dataDir, 0o755);
    const file = join(dataDir, 'registry.db');
    const options = user === undefined ? {} : { user };
    const refused = { event: 'failed', name: 'AccessDeniedError', code: 'ACCESS_DENIED' };
    if (user === undefined) chmodSync(file, 0o000);
    expect(await work({ salt: 'b' }, options)).toMatchObject([refused]);
    chmodSync(file, 0o444);
    expect(await work({ salt: 'b' }, options)).toMatchObject([refused]);
    chmodSync(file, 0o600);
    expect(await soundTokens()).toHaveLength(1);
  });
});

describe('a full disk', () => {
  it('ends a write that cannot be finished, and leaves the registry sound', SLOW, async () => {
    await work({ salt: 'a', commits: 2 });
    // A limit on file sizes makes write(2) fail for real, at a size that is known.
    const lines = await work(
      { salt: 'b', commits: 500, noteLength: 400 },
      { wrap: ['bash', '-c', 'ulimit -f 256; exec "$@"', 'bash'] },
    );
    expect(lines.at(-1)).toMatchObject({ event: 'failed', name: 'UnavailableError', outcome: 'not_applied' });
    const held = (await soundTokens()).map(({ jti }) => jti);
    expect(held.filter((jti) => jti.startsWith('0000000b'))).toEqual(committed(lines));
    expect(await work({ salt: 'c' })).toMatchObject([{ event: 'committed' }, { event: 'done' }]);
  });

  const mount = ['unshare', '--mount', ...(ROOT ? [] : ['--map-root-user'])];
  const canMount =
    spawnSync(mount[0] ?? '', [...mount.slice(1), 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0;

  // Without that right the limit above and SQLite's own, in registry-file.test.ts, still stand for it.
  it.skipIf(!canMount)(
    'is named as what it is, and the next write finds room (needs the right to mount)',
    SLOW,
    async () => {
      mkdirSync(dataDir);
      // The file system ends with the process, so that a second worker finds room in it afterwards, or does not.
      const script = `mount -t tmpfs -o size=800k tmpfs "$0" && head -c 200000 /dev/zero > "$0/ballast" || exit
      after=$1; shift; "$@"; rm "$0/ballast"; exec "\${@:1:$#-1}" "$after"`;
      const after = JSON.stringify({ dataDir, client: 'after', commits: 1, salt: 'c', create: false });
      const lines = await work(
        { salt: 'b', commits: 2000, noteLength: 400 },
        { wrap: [...mount, 'bash', '-c', script, dataDir, after] },
      );
      const failed = lines.findIndex(({ event }) => event === 'failed');
      expect(lines[failed]).toMatchObject({ code: 'STORE_FULL', name: 'UnavailableError', outcome: 'not_applied' });
      expect(committed(lines.slice(0, failed)).length).toBeGreaterThan(2);
      expect(lines.slice(failed + 1)).toMatchObject([{ event: 'committed', jti: testJti(0, 'c') }, { event: 'done' }]);
    },
  );
});

interface Entry {
  readonly name: string;
  readonly mode: string;
  readonly directory: boolean;
}

function tree(directory: string): Entry[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).map((entry) => ({
    name: entry.name,
    mode: (statSync(join(entry.parentPath, entry.name)).mode % 0o1000).toString(8),
    directory: entry.isDirectory(),
  }));
}
