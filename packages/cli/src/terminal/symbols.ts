/** The signs beside words: of ASCII where the locale has no others. */
import type { Io } from '../io.ts';

export interface Symbols {
  /** A cell of a bar that is left, or done. */
  readonly full: string;
  readonly empty: string;
  /** Stands for what was cut off. */
  readonly more: string;
  readonly yes: string;
  readonly no: string;
  /** Neither of them. */
  readonly open: string;
}

export const UNICODE: Symbols = { full: '█', empty: '░', more: '…', yes: '✓', no: '✗', open: '–' };
export const ASCII: Symbols = { full: '#', empty: '.', more: '...', yes: '+', no: 'x', open: '-' };

/** Of the three variables of POSIX (XBD 8.2) the first that is set and not empty says which characters there are. */
export function symbolsFor(env: Io['env']): Symbols {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((it) => it !== undefined && it !== '') ?? '';
  if (/^(?:C|POSIX)$/.test(locale)) return ASCII;
  const [, charset = 'utf-8'] = /\.([^@]+)/.exec(locale) ?? [];
  return /^utf-?8$/i.test(charset) ? UNICODE : ASCII;
}
