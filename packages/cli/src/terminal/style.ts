/** Colours, decided for each stream by itself; chalk is loaded only where some are wanted. */
import type { Io, Output } from '../io.ts';

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

const same: Paint = (text) => text;
export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

/** Off without a terminal, with `--no-color`, with `NO_COLOR` set to anything (no-color.org), and on a dumb terminal. */
export function wantsColour(output: Output, env: Io['env'], allowed: boolean): boolean {
  return output.isTTY && allowed && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** The sixteen basic colours: the user's own palette decides how they look. */
export async function colours(): Promise<Style> {
  const { Chalk } = await import('chalk');
  const { bold, dim, red, green, yellow } = new Chalk({ level: 1 });
  return { bold, dim, red, green, yellow };
}
