/**
 * Everything that a command prints passes here: results to stdout, words to stderr, tokens to neither, and no character
 * that acts on a terminal but the colours of our own style.
 */
import type { Io, Output } from '../io.ts';
import { jsonText, printableLines } from './printable.ts';
import { redact } from './redact.ts';
import { symbolsFor } from './symbols.ts';
import { PLAIN, PLAIN_PALETTE, colours, wantsColour, type Palette, type Style } from './style.ts';

export interface TerminalOptions {
  /** No words for people: `-q`. */
  readonly quiet: boolean;
  /** One JSON value on stdout, and nothing on stderr but an error. */
  readonly json: boolean;
  /** With `json`: on one line, and each element of a list on a line of its own. */
  readonly jsonLines?: boolean;
  readonly colour: boolean;
}

type Outputs = Pick<Io, 'stdout' | 'stderr' | 'env'>;

const FALLBACK_COLUMNS = 80;

interface Coloured {
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Standard output did not take a result (a full disk, say). */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(cause: unknown) {
    super('the result could not be written to standard output', { cause });
  }
}

export class Terminal {
  readonly json: boolean;
  /** For results. */
  readonly style: Style;
  /** For words on stderr. */
  readonly aside: Style;
  readonly #quiet: boolean;
  readonly #jsonLines: boolean;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #render: Palette['render'];
  #readerGone = false;
  #statusShown = false;
  #lead: string | undefined;

  private constructor(io: Outputs, options: TerminalOptions, { style, render }: Palette, coloured: Coloured) {
    this.#stdout = io.stdout;
    this.#stderr = io.stderr;
    this.#quiet = options.quiet;
    this.json = options.json;
    this.#jsonLines = options.jsonLines === true;
    const symbols = symbolsFor(io.env);
    this.style = { ...(coloured.stdout ? style : PLAIN), symbols };
    this.aside = { ...(coloured.stderr ? style : PLAIN), symbols };
    this.#render = render;
  }

  static async open(io: Outputs, options: TerminalOptions): Promise<Terminal> {
    const wanted = (output: Output): boolean => wantsColour(output, io.env, options.colour);
    const coloured = { stdout: wanted(io.stdout), stderr: wanted(io.stderr) };
    const palette = coloured.stdout || coloured.stderr ? await colours() : PLAIN_PALETTE;
    return new Terminal(io, options, palette, coloured);
  }

  /** Whether results are read by a person. */
  get isTTY(): boolean {
    return this.#stdout.isTTY;
  }

  get columns(): number {
    return known(this.#stdout.columns);
  }

  get asideColumns(): number {
    return known(this.#stderr.columns);
  }

  /** Whether nobody reads results any more: long work may stop. */
  get readerGone(): boolean {
    return this.#readerGone;
  }

  /** A line, or several, of the result. A reader that went away (`| head`) wants no more, which is no error. */
  print(text: string): void {
    this.#writeResult(this.#shown(text));
  }

  #json(value: unknown): string {
    return jsonText(value, this.isTTY && !this.#jsonLines ? 2 : undefined);
  }

  /** As it may be shown. Marks become colours last, so that no escape is left but theirs. */
  #shown(text: string): string {
    return this.#render(printableLines(redact(text)));
  }

  #writeResult(text: string): void {
    if (this.#readerGone) return;
    if (this.#statusShown) this.#stderr.write(this.#clear());
    try {
      this.#stdout.write(`${text}\n`);
    } catch (error) {
      if (!isBrokenPipe(error)) throw new OutputError(error);
      this.#readerGone = true;
    }
  }

  printJson(value: unknown): void {
    const values: readonly unknown[] = this.#jsonLines && Array.isArray(value) ? value : [value];
    if (values.length > 0) this.print(values.map((it) => this.#json(it)).join('\n'));
  }

  /** For public keys alone: a long one may hold, by chance, what looks like the start of a token. */
  printPublicKeys(value: unknown): void {
    this.#writeResult(this.#json(value));
  }

  /** For lines that must arrive as they are stored, since a hash covers them; no free text in a registry holds a token. */
  printExport(lines: string): void {
    this.#writeResult(lines);
  }

  /** For seals of the audit log alone: they have the form of a token, open nothing, and are made to be handed on. */
  printSeal(text: string): void {
    this.#writeResult(text);
  }

  /**
   * What is going on: a line that whatever is printed next takes the place of. Only for where a person looks on, see
   * `isInteractive`.
   */
  status(text: string): void {
    if (this.#quiet) return;
    this.#stderr.write(`${this.#clear()}${this.#shown(text)}`);
    this.#statusShown = true;
  }

  /** Words for people. */
  say(text: string): void {
    this.sayLead();
    if (!this.#quiet && !this.json) this.#writeError(text);
  }

  /** Words that stand before the first others, a question included; an error stands alone. */
  set lead(text: string) {
    this.#lead = text;
  }

  sayLead(): void {
    const text = this.#lead;
    this.#lead = undefined;
    if (text !== undefined) this.say(text);
  }

  /** Words that `-q` does not silence: what the user must know, or asked for. */
  warn(text: string): void {
    this.sayLead();
    if (!this.json) this.#writeError(text);
  }

  /** The one thing that may stand on stderr with `--json`. */
  printError(text: string): void {
    this.#writeError(text);
  }

  /** A question, on stderr, with the cursor left behind it. */
  ask(question: string): void {
    this.sayLead();
    this.#stderr.write(this.#clear() + this.#shown(question));
  }

  /** Takes the status line away, if one is shown. */
  #clear(): string {
    if (!this.#statusShown) return '';
    this.#statusShown = false;
    return '\r\u001B[2K';
  }

  #writeError(text: string): void {
    try {
      this.#stderr.write(`${this.#clear()}${this.#shown(text)}\n`);
    } catch {
      // There is nowhere left to say it; the exit code still does.
    }
  }
}

/** A terminal that does not know its width says that it has no columns. */
function known(columns: number): number {
  return columns > 0 ? columns : FALLBACK_COLUMNS;
}

export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
