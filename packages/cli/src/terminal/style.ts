/** Colours, decided for each stream by itself; chalk is loaded only where some are wanted. */
import type { Io, Output } from '../io.ts';
import { UNICODE, type Symbols } from './symbols.ts';

export type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly symbols: Symbols;
}

/** A style, and what turns the marks that it sets into colours. */
export interface Palette {
  readonly style: Style;
  readonly render: Paint;
}

const same: Paint = (text) => text;
export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, symbols: UNICODE };
export const PLAIN_PALETTE: Palette = { style: PLAIN, render: same };

/** Off without a terminal, with `--no-color`, with `NO_COLOR` set to anything (no-color.org), and on a dumb terminal. */
export function wantsColour(output: Output, env: Io['env'], allowed: boolean): boolean {
  return output.isTTY && allowed && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Loaded only now: most runs colour nothing. */
export async function colours(): Promise<Palette> {
  return (await import('./palette.ts')).palette();
}
