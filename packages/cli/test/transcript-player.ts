/** Plays a transcript: a shell session as text, its commands run by the real program. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDuration } from '@apikey/shared';
import { localUsage } from '@apikey/shared/local';
import { localActor } from '../src/actor.ts';
import type { Session } from './session.ts';

/**
 * A transcript holds, beside comments (`#`):
 * `$ apikey ...` a command, where `< FILE` and `> FILE` mean what they mean in a shell, and {JTI-1} an id met before;
 * `@later 3d` time passes; `@used {JTI-1}` an authorizer records that a token is used now; `@file NAME a b` writes a file, one word a line; `@terminal` from here on all streams are terminals, `@terminal 40` of so many columns; `@answer y` is what is typed next;
 * then what was printed: stdout as it is, stderr behind `! `, an exit code other than 0 as `=> 2`.
 */
const DIRECTIVE = /^(?:#|\$ |@|$)/;

/** Runs the commands of a transcript, and gives it back with what they print now. */
export async function playTranscript(
  session: Session,
  text: string,
  recordUse: RecordUse = recordLocally(session),
): Promise<string> {
  const player = new Player(session, recordUse);
  const played: string[] = [];
  for (const line of text.split('\n').filter((it) => DIRECTIVE.test(it))) {
    if (line !== '' || played.at(-1) !== '') played.push(line, ...(await player.play(line)));
  }
  return played.join('\n').replace(/\n*$/, '\n');
}

export type RecordUse = (jti: string, usedAt: number) => Promise<void>;

/** As an authorizer of the embedded environment does. */
function recordLocally({ dataDir }: Session): RecordUse {
  return async (jti, usedAt) => {
    const usage = localUsage({ dataDir });
    await usage.recordUse({ jti, client: 'partner', usedAt, exp: usedAt });
    await usage.close();
  };
}

const COLUMNS = 120;

class Player {
  readonly #session: Session;
  readonly #recordUse: RecordUse;
  readonly #names = new Map<string, string>();
  #tty = false;
  #columns = COLUMNS;
  #answer = '';

  constructor(session: Session, recordUse: RecordUse) {
    this.#session = session;
    this.#recordUse = recordUse;
  }

  async play(line: string): Promise<string[]> {
    const [word = ''] = line.split(' ', 1);
    const rest = line.slice(line.indexOf(' ') + 1);
    if (word === '@later') this.#session.now += parseDuration(rest) * 1000;
    if (word === '@used') await this.#recordUse(this.#known(rest), Math.floor(this.#session.now / 1000));
    if (word === '@terminal') {
      this.#tty = true;
      this.#columns = /^\d+$/.test(rest) ? Number(rest) : COLUMNS;
    }
    if (word === '@answer') this.#answer = `${this.#known(rest)}\n`;
    if (word === '@file') {
      const [name = '', ...content] = this.#known(rest).split(' ');
      await writeFile(join(this.#session.cwd, name), content.map((item) => `${item}\n`).join(''));
    }
    return word === '$' ? this.#command(rest) : [];
  }

  async #command(text: string): Promise<string[]> {
    const words = shellWords(this.#known(text));
    const input = redirection(words, '<');
    const output = redirection(words, '>');
    const env: Record<string, string> = {};
    while (/^[A-Z_]+=/.test(words[0] ?? '')) {
      const [name = '', value = ''] = words.shift()?.split('=') ?? [];
      env[name] = value;
    }
    if (words.shift() !== 'apikey') throw new Error(`not a command of a transcript: ${text}`);
    const file = (name: string): string => join(this.#session.cwd, name);
    const result = await this.#session.run(words, {
      stdin: input === undefined ? this.#answer : await readFile(file(input)),
      tty: this.#tty && input === undefined && output === undefined,
      env: this.#tty ? { NO_COLOR: '1', ...env } : env,
      columns: this.#columns,
    });
    this.#answer = '';
    if (output !== undefined) await writeFile(file(output), result.stdout);
    return [
      ...lines(output === undefined ? this.#anonymous(result.stdout) : ''),
      ...lines(this.#anonymous(result.stderr)).map((line) => `! ${line}`.trimEnd()),
      ...(result.code === 0 ? [] : [`=> ${result.code}`]),
    ];
  }

  /** What differs from run to run gets a name, numbered as it is met. */
  #anonymous(text: string): string {
    return text
      .replaceAll(this.#session.home, '~')
      .replaceAll(localActor(process.env), 'ann@host')
      .replaceAll(/arn:aws[\w-]*:(?:sts|iam)::[^\s",;]+/g, 'ann@host')
      .replaceAll(/"ref":"[^"]*"/g, '"ref":"..."')
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, (token) => this.#name('TOKEN', token))
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (jti) => uuidOf(this.#name('JTI', jti)))
      .replaceAll(/(?<![\w-])[0-9a-f]{8}(?![\w-])/g, (start) => this.#shortJti(start))
      .replaceAll(/"([xy])":"[\w-]+"/g, '"$1":"..."')
      .replaceAll(/(?<![\w-])[\w-]{43}(?![\w-])/g, (kid) => this.#name('KID', kid))
      .replaceAll(/(?<![\w-])[\w-]{12}(?= {2})/g, (start) => this.#shortKid(start))
      .replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => this.#name('HASH', hash));
  }

  #name(kind: string, value: string): string {
    const count = [...this.#names.values()].filter((name) => name.startsWith(kind)).length;
    const name = this.#names.get(value) ?? `${kind}-${count + 1}`;
    this.#names.set(value, name);
    return name;
  }

  #shortJti(start: string): string {
    const name = [...this.#names].find(([value, known]) => known.startsWith('JTI') && value.startsWith(start))?.[1];
    return name === undefined ? start : uuidOf(name).slice(0, start.length);
  }

  /** Tables show the beginning of a kid; as wide as it is, so that they stay tables. */
  #shortKid(start: string): string {
    const name = [...this.#names].find(([value, known]) => known.startsWith('KID') && value.startsWith(start))?.[1];
    return name?.padEnd(start.length) ?? start;
  }

  #known(text: string): string {
    return text.replaceAll(/\{(\w+-\d+)(?::(\d+))?\}/g, (_, name: string, length?: string) => {
      const found = [...this.#names].find(([, known]) => known === name);
      if (found === undefined) throw new Error(`${name} has not been met yet`);
      return found[0].slice(0, length === undefined ? undefined : Number(length));
    });
  }
}

/** As long as an id, so that tables stay tables. */
function uuidOf(name: string): string {
  return `${name.replace(/\D/g, '').repeat(8).slice(0, 8)}-1111-4111-8111-111111111111`;
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function shellWords(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
}

function redirection(words: string[], sign: '<' | '>'): string | undefined {
  const at = words.indexOf(sign);
  return at === -1 ? undefined : words.splice(at, 2)[1];
}
