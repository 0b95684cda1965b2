/** Questions to the person at the terminal. Without one, a question is an error that names the flag to give instead. */
import { createInterface } from 'node:readline/promises';
import { ApikeyError, InvalidValueError } from '@apikey/shared';
import type { Io } from '../io.ts';
import type { Terminal } from './terminal.ts';

export interface Confirmation {
  readonly question: string;
  /** What would be changed without an answer, for the error. */
  readonly action: string;
  /** The flag that answers beforehand. */
  readonly flag: string;
}

/** Whether anybody can answer: both ends of the talk are terminals, and nobody said otherwise. */
export function isInteractive(io: Io, terminal: Terminal, inputAllowed: boolean): boolean {
  const automated = (io.env['CI'] ?? '') !== '';
  return io.stdin.isTTY && io.stderr.isTTY && inputAllowed && !automated && !terminal.json;
}

/** Resolves only after a yes. Throws `CANCELLED` for any other answer, `CONFIRMATION_REQUIRED` where none can come. */
export async function confirm(
  io: Io,
  terminal: Terminal,
  inputAllowed: boolean,
  { question, action, flag }: Confirmation,
): Promise<void> {
  if (!isInteractive(io, terminal, inputAllowed)) throw unanswerable(action, flag);
  terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(await answerOf(io, terminal))) throw cancelled();
}

export interface NameConfirmation {
  readonly question: string;
  readonly action: string;
  /** What has to be typed. */
  readonly name: string;
  /** What `--confirm` gave. */
  readonly given: string | undefined;
  /** Shortest part of the name's beginning that will do; absent = all of it. */
  readonly prefix?: number;
}

/** For what cannot be mended: resolves only once the name itself was given. Throws as `confirm` does. */
export async function confirmByName(
  io: Io,
  terminal: Terminal,
  inputAllowed: boolean,
  { question, action, name, given, prefix = name.length }: NameConfirmation,
): Promise<void> {
  const matches = (text: string): boolean => name.startsWith(text) && text.length >= prefix;
  if (given !== undefined) {
    if (matches(given)) return;
    throw new InvalidValueError('INVALID_INPUT', '--confirm names something else', {
      why: `this is about ${name}`,
      fix: `give --confirm ${name}, if that is what you mean`,
    });
  }
  if (!isInteractive(io, terminal, inputAllowed)) throw unanswerable(action, `--confirm ${name}`);
  terminal.ask(`${question} `);
  if (!matches(await answerOf(io, terminal))) throw cancelled();
}

function unanswerable(action: string, flag: string): ApikeyError {
  return new ApikeyError('CONFIRMATION_REQUIRED', `${action} needs a confirmation`, {
    why: 'there is no terminal to ask on, or questions were ruled out (--no-input, --json, CI)',
    fix: `add ${flag} to confirm`,
  });
}

function cancelled(): ApikeyError {
  return new ApikeyError('CANCELLED', 'cancelled: nothing was changed');
}

async function answerOf(io: Io, terminal: Terminal): Promise<string> {
  const answer = await readLine(io);
  if (answer === undefined) terminal.ask('\n');
  return answer?.trim() ?? '';
}

/** One line from the terminal, which does the editing itself; nothing at the end of input. */
async function readLine(io: Io): Promise<string | undefined> {
  const lines = createInterface({ input: io.stdin.stream(), terminal: false });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
  }
}
