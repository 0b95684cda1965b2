/** Completion in real shells, on a terminal: what a person gets for pressing tab. */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBashCompletion, findTool } from './required-tools.ts';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
const ZSH = findTool('zsh');
const FISH = findTool('fish');
const PACKAGE = findBashCompletion();

let home = '';
let jti = '';
let kid = '';

async function apikey(...argv: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [BIN, ...argv], { cwd: join(home, 'work'), env: environment() });
  return stdout;
}

function environment(): Record<string, string> {
  const { PATH = '' } = process.env;
  return { PATH: `${join(home, 'bin')}:${PATH}`, HOME: home, ZDOTDIR: home, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'apikey-shells-'));
  for (const folder of ['bin', 'work', 'work/folder one']) mkdirSync(join(home, folder));
  for (const name of ['some file.csv', 'other.csv', 'folder one/deep.csv']) writeFileSync(join(home, 'work', name), '');
  const config = '[envs.local]\n[envs.staging]\nissuer = "https://s"\naudience = "https://s"\n';
  writeFileSync(join(home, 'work', 'apikey.toml'), config);
  // Completes with the real command, and shows what would have been run.
  const command = [
    '#!/bin/sh',
    `case $1 in complete | completion) exec '${process.execPath}' '${BIN}' "$@" ;; esac`,
    `printf 'RAN'; printf '<%s>' "$@"; echo`,
  ];
  writeFileSync(join(home, 'bin', 'apikey'), command.join('\n'));
  chmodSync(join(home, 'bin', 'apikey'), 0o755);
  await apikey('issue', '--client', 'partner', '-q');
  await apikey('issue', '--client', 'billing', '-q');
  [jti = ''] = (await apikey('list', '--client', 'partner')).split('\t');
  [kid = ''] = (await apikey('keys', 'list')).split('\t');
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Types keys into a shell on a terminal, and gives back the command lines that it ran. */
async function typed(shell: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn('script', ['-qec', shell, '/dev/null'], { cwd: join(home, 'work'), env: environment() });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.stdin.end([...lines, 'exit', ''].join('\n'));
  await ended;
  return [...output.matchAll(/^.*?RAN(<.*>)\r?$/gm)].map(([, words = '']) => words);
}

/** A line with tabs, and the words that it becomes. Where several fit, what they have in common is filled in. */
const LINES = (): readonly (readonly [string, string])[] => [
  ['apikey iss\t', '<issue>'],
  ['apikey clients sus\t', '<clients><suspend>'],
  ['apikey issue --request\tx', '<issue><--request-id><x>'],
  ['apikey --env stag\tlist', '<--env><staging><list>'],
  ['apikey list --env stag\t', '<list><--env><staging>'],
  ['apikey list --env=stag\t', '<list><--env=staging>'],
  ['apikey issue --alg ES2\t', '<issue><--alg><ES256>'],
  ['apikey list --format jsonl\t', '<list><--format><jsonl>'],
  ['apikey help exit\t', '<help><exit-codes>'],
  ['apikey help keys ret\t', '<help><keys><retire>'],
  ['apikey list --client part\t', '<list><--client><partner>'],
  ['apikey list --client=bil\t', '<list><--client=billing>'],
  [`apikey show ${jti.slice(0, 6)}\t`, `<show><${jti}>`],
  [`apikey revoke --client partner \t`, `<revoke><--client><partner><${jti}>`],
  [`apikey revoke --client billing ${jti.slice(0, 6)}\t`, `<revoke><--client><billing><${jti.slice(0, 6)}>`],
  [`apikey keys retire -- ${kid.slice(0, 4)}\t`, `<keys><retire><--><${kid}>`],
  ['apikey issue --from oth\t', '<issue><--from><other.csv>'],
  ['apikey issue --from some\t', '<issue><--from><some file.csv>'],
  ['apikey issue --from=oth\t', '<issue><--from=other.csv>'],
  ['apikey issue --out-dir fol\t', '<issue><--out-dir><folder one/>'],
  ['apikey list oth\t', '<list><oth>'],
  ['apikey issue --note oth\t', '<issue><--note><oth>'],
  ["apikey issue --note '$(touch injected)' --cli\tx", '<issue><--note><$(touch injected)><--client><x>'],
];

/** What the lines become in a shell. Zsh takes the slash of a directory back when the line ends there. */
async function ran(shell: string): Promise<string[]> {
  const words = await typed(
    shell,
    LINES().map(([line]) => line),
  );
  return words.map((text) => text.replace('/>', '>'));
}

function wanted(): string[] {
  return LINES().map(([, words]) => words.replace('/>', '>'));
}

describe('bash', () => {
  const rc = (text: string): string => {
    const path = join(home, 'bashrc');
    writeFileSync(path, `bind 'set bell-style none'\n${text}\n`);
    return `bash --noprofile --rcfile '${path}' -i`;
  };

  it('completes with nothing but itself, also where the script was loaded twice', async () => {
    const load = 'source <(apikey completion bash)';
    expect(await ran(rc([load, load].join('\n')))).toEqual(wanted());
  });

  it(`completes next to the package bash-completion${PACKAGE.absence}`, async ({ skip }) => {
    if (PACKAGE.path === '') skip(PACKAGE.absence);
    expect(await ran(rc(`source '${PACKAGE.path}'\nsource <(apikey completion bash)`))).toEqual(wanted());
  });

  it('completes where = and : do not break words, and with strict options', async () => {
    const shell = rc("COMP_WORDBREAKS=$' \\t\\n'\nset -u\nsource <(apikey completion bash)");
    expect(await typed(shell, ['apikey list --env=stag\t', 'apikey iss\t'])).toEqual([
      '<list><--env=staging>',
      '<issue>',
    ]);
  });
});

describe(`zsh${ZSH.absence}`, () => {
  const rc = (text: string): string => {
    writeFileSync(join(home, '.zshrc'), `unsetopt beep\nPS1='> '\n${text}\n`);
    return `'${ZSH.path}' -d -i`;
  };

  it.skipIf(ZSH.path === '')('completes where nothing was set up, also where the script was loaded twice', async () => {
    const load = 'source <(apikey completion zsh)';
    expect(await ran(rc([load, load].join('\n')))).toEqual(wanted());
  });

  it.skipIf(ZSH.path === '')('completes from a file in fpath', async () => {
    const functions = join(home, 'functions');
    mkdirSync(functions);
    writeFileSync(join(functions, '_apikey'), await apikey('completion', 'zsh'));
    expect(await ran(rc(`fpath=('${functions}' $fpath)\nautoload -Uz compinit && compinit -i -D`))).toEqual(wanted());
  });
});

describe(`fish${FISH.absence}`, () => {
  /** What fish offers for a line. */
  async function offered(line: string): Promise<string[]> {
    const script = `apikey completion fish | source; apikey completion fish | source; complete -C ${JSON.stringify(line)}`;
    const options = { cwd: join(home, 'work'), env: environment() };
    const { stdout } = await run(FISH.path, ['--no-config', '-c', script], options);
    return stdout
      .split('\n')
      .map((text) => text.split('\t')[0] ?? '')
      .filter((text) => text !== '');
  }

  it.skipIf(FISH.path === '').each([
    ['apikey iss', ['issue']],
    ['apikey clients sus', ['suspend']],
    ['apikey issue --request', ['--request-id']],
    ['apikey list --env stag', ['staging']],
    ['apikey list --env=stag', ['--env=staging']],
    ['apikey issue --alg ES', ['ES256', 'ES384']],
    ['apikey help keys ret', ['retire']],
    ['apikey list --client ', ['billing', 'partner']],
    ['apikey issue --from oth', ['other.csv']],
    ['apikey issue --from=oth', ['--from=other.csv']],
    ['apikey issue --out-dir fol', ['folder one/']],
    ['apikey list oth', []],
    ['apikey issue --note oth', []],
  ])('%s: %j', async (line, values) => {
    expect(await offered(line)).toEqual(values);
  });

  it.skipIf(FISH.path === '')('offers ids of tokens and keys', async () => {
    expect(await offered('apikey revoke --client partner ')).toEqual([jti]);
    expect(await offered('apikey keys retire -- ')).toEqual([kid]);
  });
});

it('nothing that was typed has been evaluated', async () => {
  const script =
    'source <(apikey completion bash); COMP_WORDS=(apikey list "\\$(touch injected)" "\\`touch injected\\`"); COMP_CWORD=3; __apikey_complete';
  await run('bash', ['-c', script], { cwd: join(home, 'work'), env: environment() });
  expect(existsSync(join(home, 'work', 'injected'))).toBe(false);
});

describe('what a script asks', () => {
  const offer = async (...words: readonly string[]): Promise<string> => apikey('complete', '--', ...words);

  it('nothing that was given already is offered again, but what may be repeated', async () => {
    const flags = await offer('issue', '--client', 'a', '--scope', 'b', '--dry-run', '-');
    expect(flags).not.toMatch(/^--(?:client|dry-run)\b/m);
    expect(flags).toMatch(/^--scope\t/m);
  });

  it.each([
    ['an unknown command', ['nope', '']],
    ['an unknown flag', ['list', '--nope=']],
    ['an environment that is none', ['list', '--env', 'nope', '--client', '']],
    ['a file that is none', ['list', '--config', 'nope.toml', '--client', '']],
    ['text', ['issue', '--note', '']],
  ])('for %s the answer is empty, and no error', async (_, words) => {
    const { stdout, stderr } = await run(process.execPath, [BIN, 'complete', '--', ...words], {
      cwd: join(home, 'work'),
      env: environment(),
    });
    expect([stdout, stderr]).toEqual(['', '']);
  });

  it('a registry is not made, and one that does not answer is not waited for', async () => {
    const env = {
      ...environment(),
      HOME: join(home, 'bare'),
      APIKEY_ISSUER: 'https://a',
      APIKEY_AUDIENCE: 'https://a',
    };
    const aws = {
      ...env,
      APIKEY_REGISTRY: 'dynamodb:apikey',
      APIKEY_KEYS: 'awskms:alias/apikey',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_ENDPOINT_URL: 'http://192.0.2.1:9',
    };
    for (const surroundings of [env, aws]) {
      const options = { cwd: join(home, 'work'), env: surroundings };
      expect(await run(process.execPath, [BIN, 'complete', '--', 'list', '--client', ''], options)).toEqual({
        stdout: '',
        stderr: '',
      });
    }
  });
});

it.each(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
  const { stdout, stderr } = await run(process.execPath, [BIN, 'completion', shell]);
  expect(stdout).toContain('apikey complete --');
  expect(stdout).not.toContain('eval');
  expect(stderr).toBe('');
});

it('a shell that is not known is a usage error', async () => {
  await expect(run(process.execPath, [BIN, 'completion', 'tcsh'])).rejects.toMatchObject({ code: 2, stdout: '' });
});
