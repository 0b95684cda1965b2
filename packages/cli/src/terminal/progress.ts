/** A bar on stderr for long work, where a person looks on; nothing at all elsewhere. */
import type { Context } from '../context.ts';
import { isInteractive } from './confirm.ts';
import { UNICODE, type Symbols } from './symbols.ts';

const WIDTH = 24;
/** Redrawn this often at most, in milliseconds: a terminal must not slow the work. */
const PAUSE = 100;

export interface Progress {
  /** So many more are done; `total` may grow while it goes on. */
  readonly advance: (count?: number, total?: number) => void;
}

/** @param total absent where nobody knows it: then the count alone is shown */
export function progress(
  what: string,
  total: number | undefined,
  { io, terminal, inputAllowed }: Pick<Context, 'io' | 'terminal' | 'inputAllowed'>,
): Progress {
  if (!isInteractive(io, terminal, inputAllowed)) return { advance: () => {} };
  let done = 0;
  let all = total;
  let drawnAt = -Infinity;
  return {
    advance: (count = 1, newTotal = all) => {
      done += count;
      all = newTotal;
      const now = io.clock.now();
      if (now - drawnAt < PAUSE && done !== all) return;
      drawnAt = now;
      terminal.status(progressLine(what, done, all, terminal.aside.symbols));
    },
  };
}

/** `issued    [██████------]  50 %  500/1000`. */
export function progressLine(
  what: string,
  done: number,
  total: number | undefined,
  symbols: Symbols = UNICODE,
): string {
  if (total === undefined || total <= 0) return `${what}  ${done}`;
  const share = Math.min(1, done / total);
  const full = Math.floor(share * WIDTH);
  return `${what}  [${symbols.full.repeat(full)}${'-'.repeat(WIDTH - full)}]  ${Math.floor(share * 100)} %  ${done}/${total}`;
}
