import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Output } from '../io.ts';
import { tokenRecord } from '../../test/records.ts';
import { stdoutSink } from '../delivery/stdout.ts';
import { fieldLines } from './fields.ts';
import { jsonText, printable, printableLines } from './printable.ts';
import { PLAIN, type Style } from './style.ts';
import { alignedTable, tabSeparated } from './table.ts';
import { Terminal } from './terminal.ts';

/** What must not reach a terminal; line ends and tabs are ours, in lines of ours. */
const HARMFUL = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;
/** Takes a status line away. */
// oxlint-disable-next-line no-control-regex -- escapes are what it looks for
const CLEAR = /\r\u001B\[2K/g;
/** That, and the escapes that our own style writes. */
// oxlint-disable-next-line no-control-regex -- escapes are what it looks for
const OURS = /\u001B\[(?:[12]|22|3[1239])m|\r\u001B\[2K/g;

class Sheet implements Output {
  readonly columns = 80;
  readonly discards = false;
  readonly isTTY: boolean;
  text = '';
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
  sync(): void {}
}

async function open(isTTY: boolean, json = false): Promise<{ terminal: Terminal; out: Sheet; err: Sheet }> {
  const [out, err] = [new Sheet(isTTY), new Sheet(isTTY)];
  return {
    terminal: await Terminal.open({ stdout: out, stderr: err, env: {} }, { quiet: false, json, colour: true }),
    out,
    err,
  };
}

type Path = (terminal: Terminal, text: string) => void;
const PATHS: Readonly<Record<string, Path>> = {
  print: (terminal, text) => terminal.print(text),
  'print, painted': (terminal, text) => terminal.print(terminal.style.red(`a ${terminal.style.bold(text)} b`)),
  printJson: (terminal, text) => terminal.printJson({ [text]: [text] }),
  printPublicKeys: (terminal, text) => terminal.printPublicKeys({ text }),
  say: (terminal, text) => terminal.say(text),
  'say, painted': (terminal, text) => terminal.say(terminal.aside.dim(text)),
  warn: (terminal, text) => terminal.warn(text),
  printError: (terminal, text) => terminal.printError(text),
  ask: (terminal, text) => terminal.ask(text),
  status: (terminal, text) => terminal.status(text),
  fields: (terminal, text) => terminal.print(fieldLines([['name', text]], terminal.style).join('\n')),
  table: (terminal, text) =>
    terminal.print(
      alignedTable([text], [{ title: 'a', cell: String }], { style: terminal.style, columns: 10_000_000 }).join('\n'),
    ),
  'piped table': (terminal, text) => terminal.print(tabSeparated([text], [String, String]).join('\n')),
};

/** Every code point, lone surrogates included, in texts of so many; of the planes 4 to 13, which are empty, the edges. */
function* everyCharacter(size: number): Generator<string> {
  for (let from = 0; from <= 0x10_ff_ff; from += size) {
    if (from % 0x1_00_00 !== 0 && from >= 0x4_00_00 && from < 0xe_00_00) continue;
    yield Array.from({ length: Math.min(size, 0x11_00_00 - from) }, (_, n) => String.fromCodePoint(from + n)).join('x');
  }
}

describe('whatever is printed', () => {
  it.each(Object.keys(PATHS))(
    'holds no character that acts on a terminal: every code point through %s',
    async (name) => {
      for (const isTTY of [true, false]) {
        const { terminal, out, err } = await open(isTTY);
        for (const text of everyCharacter(0x4000)) PATHS[name]?.(terminal, text);
        const shown = out.text + err.text;
        expect(shown.length).toBeGreaterThan(1_000_000);
        expect(HARMFUL.exec(shown.replaceAll(isTTY ? OURS : CLEAR, ''))).toBeNull();
      }
    },
  );

  it('never passes an escape of a text on, not even one that our own style uses', async () => {
    const escape = fc.constantFrom(
      '\u001B[31m',
      '\u001B[1m',
      '\u001B[22m',
      '\u009B2J',
      '\u001B]52;c;AAAA\u0007',
      '\r',
      'a',
      '\u202E',
    );
    const nested = fc.array(
      fc.tuple(
        fc.constantFrom<Exclude<keyof Style, 'symbols'>>('bold', 'dim', 'red', 'green', 'yellow'),
        fc.array(escape),
      ),
    );
    const { terminal, out } = await open(true);
    fc.assert(
      fc.property(nested, (parts) => {
        out.text = '';
        let text = '';
        for (const [name, escapes] of parts) text = terminal.style[name](text + escapes.join(''));
        terminal.print(text);
        const bare = out.text.replaceAll(OURS, '');
        expect(bare).not.toMatch(HARMFUL);
        expect([...bare.matchAll(/\[31m/g)].length).toBe([...text.matchAll(/\[31m/g)].length);
      }),
    );
  });

  it('is coloured as it was asked for, also where a colour was cut off', async () => {
    const { terminal, out } = await open(true);
    const { red, bold } = terminal.style;
    terminal.print(red(`a ${bold('b')} c`) + red('').slice(0, 9) + 'd');
    expect(out.text).toBe('\u001B[31ma \u001B[1mb\u001B[22m c\u001B[39m\u001B[31md\u001B[39m\n');
  });

  it('is as it was where it is text of any language, or an emoji', async () => {
    const { terminal, out } = await open(true);
    const text = 'Für Ärzte 東京 العربية हिन्दी 👩‍⚕️ 👩🏽‍🚀 ❤️ 🏳️‍🌈 100 %';
    terminal.print(text);
    terminal.printJson(text);
    expect(out.text).toBe(`${text}\n"${text}"\n`);
    expect(printable('a\u200Db \uFE0F x\uFE0F')).toBe('a\u{FFFD}b \u{FFFD} x\u{FFFD}');
  });

  it('as JSON parses to what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(undefined, 2), (text, indent) => {
        const json = jsonText({ [text]: [text, 1] }, indent);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: [text, 1] })));
        expect(json.replaceAll('\n', '')).not.toMatch(HARMFUL);
        expect(printableLines(json)).toBe(json);
      }),
      { numRuns: 1_000 },
    );
    for (const text of everyCharacter(0x4000)) expect(JSON.parse(jsonText(text))).toBe(text);
  });

  it('beside a token that is delivered as JSON is escaped, too', async () => {
    const out = new Sheet(false);
    const form = (token: string): string => jsonText({ token, note: 'a\u202Eb\u009B' });
    await stdoutSink(out, form).deliver('t', tokenRecord());
    expect(out.text).toBe('{"token":"t","note":"a\\u202eb\\u009b"}\n');
  });

  it('in a line of ours breaks no line: one value is one line', () => {
    for (const end of ['\n', '\r', '\u0085', '\u2028', '\u2029', '\v', '\f']) {
      expect(printable(`a${end}b`)).toBe('a\u{FFFD}b');
      expect(fieldLines([['name', `a${end}b`]], PLAIN)).toEqual(['  name  a\u{FFFD}b']);
    }
  });
});
