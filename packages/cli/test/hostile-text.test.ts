/** What a partner's file, a found configuration or a name holds never acts on the terminal of the person who reads it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Session, type Result, type RunOptions } from './session.ts';

const HARMFUL = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** Escapes that our own style writes, and that which takes a status line away. */
// oxlint-disable-next-line no-control-regex -- escapes are what it looks for
const OURS = /\u001B\[(?:[12]|22|3[1239])m|\r\u001B\[2K/g;
const PAYLOADS = {
  'a clipboard write': '\u001B]52;c;cm0gLXJmIH4=\u0007',
  'a C1 sequence': '\u009B31m\u009D0;title\u009C',
  'a colour of ours': '\u001B[32mok\u001B[39m',
  'a reversed reading direction': 'a\u202Ecod.exe\u2066b\u061C',
  'nothing to see': 'a\u200B\uFEFF\u2060\u00AD\u{E0041}b',
  'line ends': 'a\u2028b\u2029c\u0085d\re',
  deletions: 'abc\u0008\u0008\u007F',
};
const cases = Object.entries(PAYLOADS);

/** What of a run could act on a terminal, or is no JSON where it should be. */
function harmIn({ stdout, stderr, code }: Result, argv: readonly string[], tty: boolean): string[] {
  const acts = [stdout, stderr].filter((text) => {
    return HARMFUL.test(tty ? text.replaceAll(OURS, '') : text) || text.includes('\u001B[32mok');
  });
  const error = argv.includes('--json') && stderr !== '' && code !== 7 ? [stderr] : [];
  return [...acts, ...error.filter((text) => !isJson(text))].map(
    (text) => `${argv.join(' ')}: ${JSON.stringify(text)}`,
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Runs on a terminal, in a pipe, and with `--json`. */
async function harm(session: Session, argv: readonly string[], options: RunOptions = {}): Promise<string[]> {
  const found: string[] = [];
  for (const tty of [true, false]) {
    for (const line of [argv, [...argv, '--json']]) {
      found.push(...harmIn(await session.run(line, { ...options, tty }), line, tty));
    }
  }
  return found;
}

describe.each(cases)('%s', (_, text) => {
  it('in a line of a CSV file or of JSON lines', async () => {
    using session = new Session();
    const quoted = `"${text}"`;
    const files = {
      'client.csv': `client\n${quoted}\n`,
      'column.csv': `client,${quoted}\nacme,x\n`,
      'scope.csv': `client,scope\nacme,${quoted}\n`,
      'note.csv': `client,note\nacme,${quoted}\nglobex,${quoted}\n`,
      'ttl.csv': `client,ttl\nacme,${quoted}\n`,
      'request.csv': `client,request_id\nacme,${quoted}\n`,
      'lines.jsonl': `${JSON.stringify({ client: text, [text]: text })}\n`,
      'broken.jsonl': `{"client": ${text}\n`,
    };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(session.cwd, name), content);
      const line = ['issue', '--from', name, '--out-dir', `out-${name}`];
      expect(await harm(session, [...line, '--dry-run'])).toEqual([]);
      expect(await harm(session, line)).toEqual([]);
    }
    expect(await harm(session, ['list', '--all'])).toEqual([]);
    expect(await harm(session, ['audit'])).toEqual([]);
  });

  it('in a configuration that was found', async () => {
    const value = JSON.stringify(text);
    for (const toml of [
      `env = ${value}`,
      `${value} = 1`,
      `[envs.${value}]\nregistry = "sqlite:"`,
      `env = "x"\n[envs.x]\nregistry = ${value}\nkeys = ${value}\nissuer = ${value}\naudience = ${value}`,
      `env = "x"\n[envs.x]\ndefault_ttl = ${value}`,
      `[envs.local]\naudience = ${value}`,
      `= ${text}`,
    ]) {
      using session = new Session();
      writeFileSync(join(session.cwd, 'apikey.toml'), toml);
      expect(await harm(session, ['config', 'show'])).toEqual([]);
      expect(await harm(session, ['issue', '--client', 'acme', '--dry-run'])).toEqual([]);
    }
  });

  it('in the name of a file or a directory', async () => {
    using session = new Session();
    const name = text.replaceAll('/', '-');
    mkdirSync(join(session.cwd, name));
    writeFileSync(join(session.cwd, `${name}.csv`), 'client\n-\n');
    writeFileSync(join(session.cwd, `${name}.toml`), 'env = 1');
    expect(await harm(session, ['issue', '--client', 'acme', '-o', name])).toEqual([]);
    expect(await harm(session, ['issue', '--client', 'acme', '-o', `missing-${name}/x`])).toEqual([]);
    expect(await harm(session, ['issue', '--from', `${name}.csv`, '--out-dir', name])).toEqual([]);
    expect(await harm(session, ['list', '--config', `${name}.toml`])).toEqual([]);
    expect(await harm(session, ['config', 'path'], { cwd: join(session.cwd, name) })).toEqual([]);
  });

  it('on the command line, in a variable, or on standard input', async () => {
    using session = new Session();
    const argvs = [
      [text],
      [`--${text}`],
      ['issue', '--client', text],
      ['issue', '--client', 'acme', '--ttl', text],
      ['issue', '--client', 'acme', '--note', text],
      ['issue', '--client', 'acme', '--request-id', text],
      ['revoke', text, '--yes'],
      ['clients', 'set', 'acme', '--owner', text, '--contact', text],
      ['clients', 'show', 'acme'],
      ['clients', 'list'],
      ['show', text],
      ['help', text],
    ];
    for (const argv of argvs) expect(await harm(session, argv)).toEqual([]);
    expect(await harm(session, ['list'], { env: { APIKEY_ENV: text, APIKEY_REGISTRY: text } })).toEqual([]);
    expect(await harm(session, ['verify'], { stdin: text })).toEqual([]);
  });
});
