/** The remaining life of a token as a small bar: how near its end is, and by its colour how urgent that is. */
import { EXPIRING_SECONDS } from '@apikey/shared';
import type { Style } from './style.ts';
import { UNICODE, type Symbols } from './symbols.ts';

/** From here on somebody has to act now. Seconds. */
const PRESSING_SECONDS = 3 * 86_400;

export interface Life {
  /** Seconds until its end; 0 or less = it is over. */
  readonly remaining: number;
  /** Its end is planned: whoever uses it has another token. */
  readonly replaced: boolean;
}

/**
 * A bar of so many cells: the share that is left of the time in which an end is warned of. So it is full until then,
 * however long a token was issued for, and whatever is alive has a cell left.
 */
export function lifeBar({ remaining }: Pick<Life, 'remaining'>, cells: number, symbols: Symbols = UNICODE): string {
  const share = remaining > 0 ? Math.min(1, remaining / EXPIRING_SECONDS) : 0;
  const left = Math.ceil(share * cells);
  return symbols.full.repeat(left) + symbols.empty.repeat(cells - left);
}

/** Green, yellow where its end is near, red where it is very near; dim once it is over. */
export function lifePaint({ remaining, replaced }: Life, style: Style): (text: string) => string {
  if (!(remaining > 0)) return style.dim;
  if (replaced || remaining > EXPIRING_SECONDS) return style.green;
  return remaining > PRESSING_SECONDS ? style.yellow : style.red;
}
