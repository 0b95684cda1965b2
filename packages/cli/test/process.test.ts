/** What only a real process shows: redirections, closed streams, signals, file modes. Runs the built command in a shell. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const DIST = join(import.meta.dirname, '..', 'dist');
const BIN = join(DIST, 'bin.js');

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'apikey-process-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, NODE: process.execPath, BIN };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script in which `apikey` is the built command. */
function shell(script: string): Ended {
  const options = { cwd: home, env: environment(), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', `apikey() { "$NODE" "$BIN" "$@"; }\n${script}`],
    options,
  );
  return { code: status, stdout, stderr };
}

describe('redirections', () => {
  it('a token in a variable, and from there back in', () => {
    const { code, stdout, stderr } = shell(
      'TOKEN=$(apikey issue --client partner --ttl 90d) && printf %s "$TOKEN" | apikey verify --json && printf %s "$TOKEN"',
    );
    expect(code).toBe(0);
    const [verdict = '', token = ''] = stdout.split('\n');
    expect(JSON.parse(verdict)).toMatchObject({ live: true });
    const claims: { iat: number; exp: number } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims.exp - claims.iat).toBe(7_776_000);
    expect(stderr).not.toContain(token);
  });

  it('a full device: exit 6, and the record is pending', () => {
    const issued = shell('apikey issue --client partner > /dev/full');
    expect(issued).toMatchObject({ code: 6, stderr: expect.stringContaining('no space left on the device') });
    expect(shell('apikey issue --client partner --json > /dev/full').stderr).toMatch(
      /\{"error":\{"code":"DELIVERY_FAILED".*\}\}\n$/,
    );
    expect(shell('apikey list | cut -f3').stdout).toBe('pending\npending\n');
    expect(shell('apikey list > /dev/full').code).toBe(6);
    expect(shell('apikey --help > /dev/full').code).toBe(6);
  });

  it.each(['1< /dev/null', '> /dev/zero', '> /dev/random', '>> /dev/urandom'])(
    'a stdout that keeps nothing, %s: refused before anything is set up',
    (redirection) => {
      const lost = { code: 2, stdout: '', stderr: expect.stringContaining('OUTPUT_DISCARDED') };
      expect(shell(`apikey issue --client x ${redirection}`)).toMatchObject(lost);
      expect(readdirSync(home)).not.toContain('.local');
    },
  );

  it.each(['>&-', '> /dev/null', '> "$HOME/null"'])(
    'a stdout that keeps nothing, %s: refused before anything is recorded or set up, but not with a file or a plan',
    (redirection) => {
      shell(
        'mknod "$HOME/null" c 1 3 2>/dev/null || ln -s /dev/null "$HOME/null"; echo client > in.csv; echo a >> in.csv',
      );
      const lost = { code: 2, stdout: '', stderr: expect.stringContaining('OUTPUT_DISCARDED') };
      expect(shell(`apikey issue --client x ${redirection}`)).toMatchObject(lost);
      expect(shell(`apikey issue --client x --json ${redirection}`)).toMatchObject(lost);
      expect(shell(`apikey issue --from in.csv --json ${redirection}`)).toMatchObject(lost);
      expect(shell(`apikey issue --client x --dry-run ${redirection}`).code).toBe(0);
      expect(shell(`apikey issue --from in.csv --json --dry-run ${redirection}`).code).toBe(0);
      expect(readdirSync(home)).not.toContain('.local');
      expect(shell(`apikey issue --client x -o t --json ${redirection}`)).toMatchObject({ code: 0 });
      const jti = shell('apikey list | cut -f1').stdout.trim();
      expect(shell(`apikey rotate ${jti} ${redirection}`)).toMatchObject(lost);
      expect(shell(`apikey rotate --all --json --yes ${redirection}`)).toMatchObject(lost);
      expect(shell(`apikey rotate ${jti} --dry-run ${redirection}`).code).toBe(0);
      expect(shell('apikey list --all | cut -f1').stdout.trim()).toBe(jti);
      expect(shell(`apikey rotate ${jti} -o t2 -q ${redirection}`).code).toBe(0);
      expect(shell(`apikey rotate --all --yes --out-dir new -q ${redirection}`).code).toBe(0);
    },
  );

  it.each(['/dev/null', '/dev/full', '.', 'pipe'])(
    'a file that is none, %s: refused before anything is set up',
    (file) => {
      shell('mkfifo pipe; echo client > in.csv; echo a >> in.csv');
      for (const command of [`--client x -o ${file}`, `--client x -o ${file} --force`, `--from in.csv -o ${file}`]) {
        expect(shell(`apikey issue ${command}`)).toMatchObject({ code: 2, stdout: '' });
      }
      expect(shell('apikey issue --from in.csv --out-dir /dev/null')).toMatchObject({ code: 2, stdout: '' });
      expect(readdirSync(home)).not.toContain('.local');
    },
  );

  it('a pipe whose reader has gone: a listing ends quietly', () => {
    shell('apikey issue --client partner -q > t');
    expect(shell('{ apikey list --all; echo $? >&2; } | true')).toMatchObject({ code: 0, stderr: '0\n' });
  });

  it('closed streams', () => {
    expect(shell('apikey verify <&-')).toMatchObject({ code: 2, stderr: expect.stringContaining('INVALID_INPUT') });
    expect(shell('apikey list 2>&-')).toMatchObject({ code: 0, stdout: '' });
    expect(shell('apikey isue 2>/dev/full')).toMatchObject({ code: 2, stdout: '' });
  });

  it('two megabytes of nothing are not read to the end', () => {
    expect(shell('yes | head -c 2000000 | apikey verify --json')).toMatchObject({ code: 10, stderr: '' });
  });
});

describe('files', () => {
  it('-o makes a file of mode 0600 under any umask, and leaves nothing else', () => {
    for (const mask of ['000', '022', '077']) {
      expect(shell(`umask ${mask}; apikey issue --client partner -q -o t${mask}`)).toMatchObject({
        code: 0,
        stdout: '',
      });
      expect(statSync(join(home, `t${mask}`)).mode & 0o777).toBe(0o600);
    }
    expect(readdirSync(home).toSorted()).toEqual(['.local', 't000', 't022', 't077']);
  });

  it('the data directory is for its owner alone, under any umask', () => {
    shell('umask 000; apikey issue --client partner -q > t');
    const dataDir = join(home, '.local/share/apikey/local');
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
      expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077).toBe(0);
    }
  });
});

describe('Ctrl-C', () => {
  it.each([[[]], [['--json']]])('while a token is awaited: exit 130 %j', async (flags) => {
    const child = spawn(process.execPath, [BIN, 'verify', ...flags], { cwd: home, env: environment(), stdio: 'pipe' });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const code = await new Promise((resolve) => {
      child.on('close', resolve);
      // The signal is caught from the first moment on, but the process must have started.
      setTimeout(() => child.kill('SIGINT'), 1500);
    });
    expect(code).toBe(130);
    if (flags.length > 0) expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'INTERRUPTED' } });
    else expect(stderr).toContain('error: interrupted');
  });
});

describe('the built command', () => {
  it('is executable by itself', () => {
    expect(shell('"$BIN" --version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('loads nothing heavy before a command needs it', () => {
    const seen = new Set<string>();
    const collect = (path: string): string => {
      if (seen.has(path)) return '';
      seen.add(path);
      const text = readFileSync(path, 'utf8');
      // Static imports alone: those behind import() are loaded when they are reached.
      const imports = [...text.matchAll(/(?:from|import)\s*"(\.[^"]+\.js)"/g)].map(([, name = '']) =>
        join(path, '..', name),
      );
      return [text, ...imports.map(collect)].join('\n');
    };
    const core = collect(BIN);
    expect(seen.size).toBeGreaterThan(1);
    for (const heavy of [
      'node:sqlite',
      'node:crypto',
      'TomlError',
      'ZodMini',
      'CommanderError',
      'ansiStyles',
      'node:child_process',
    ]) {
      expect(core).not.toContain(heavy);
    }
  });
});
