/** Tells which lines of a file cannot be issued, and that therefore nothing was. */
import { ApikeyError, InvalidValueError, RefusedError } from '@apikey/shared';
import { counted } from '../../../counted.ts';
import { printable } from '../../../terminal/printable.ts';
import type { Terminal } from '../../../terminal/terminal.ts';
import type { LineFlaw } from './requests.ts';

/** How many lines are told one by one, and how many the closing error repeats. */
const TOLD = 20;
const NAMED = 3;

/** Lines that cannot be understood. */
export function malformedLines(name: string, flaws: readonly LineFlaw[], terminal: Terminal): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', headline(name, flaws, 'wrong', terminal), {
    why: summary(flaws),
    fix: 'correct the file and run the command again',
  });
}

/** Lines that are understood and refused: the code, and with it the exit code, is that of the first. */
export function refusedLines(
  name: string,
  refused: readonly (LineFlaw & { readonly error: ApikeyError })[],
  terminal: Terminal,
): ApikeyError {
  const [first] = refused;
  if (first === undefined) throw new TypeError('no line was refused');
  const { code, kind, fix } = first.error;
  const Kind = kind === 'usage' ? InvalidValueError : RefusedError;
  return new Kind(code, headline(name, refused, 'refused', terminal), {
    why: summary(refused),
    fix: fix ?? 'correct the file and run the command again',
  });
}

function headline(name: string, flaws: readonly LineFlaw[], what: string, terminal: Terminal): string {
  for (const { line, flaw } of flaws.slice(0, TOLD)) terminal.warn(printable(`${name}:${line}: ${flaw}`));
  if (flaws.length > TOLD) terminal.warn(`... and ${counted(flaws.length - TOLD, 'line')} more`);
  return `${counted(flaws.length, 'line')} of ${name} ${flaws.length === 1 ? 'is' : 'are'} ${what}; nothing was issued`;
}

function summary(flaws: readonly LineFlaw[]): string {
  const named = flaws.slice(0, NAMED).map(({ line, flaw }) => `line ${line}: ${flaw}`);
  return [...named, ...(flaws.length > NAMED ? [`and ${flaws.length - NAMED} more`] : [])].join('; ');
}
