/** The remaining life of a token as a small bar: how much of it is left, and by its colour how urgent that is. */
import { EXPIRING_SECONDS } from '@apikey/shared';
import type { Style } from './style.ts';

/** From here on somebody has to act now. Seconds. */
const PRESSING_SECONDS = 3 * 86_400;
const LEFT = '█';
const GONE = '░';

export interface Life {
  /** Seconds until its end; 0 or less = it is over. */
  readonly remaining: number;
  /** Seconds that it was issued for. */
  readonly whole: number;
  /** Its end is planned: whoever uses it has another token. */
  readonly replaced: boolean;
}

/** A bar of so many cells. Whatever is alive has a cell left; only what was just issued is full. */
export function lifeBar({ remaining, whole }: Life, cells: number): string {
  if (!(remaining > 0)) return GONE.repeat(cells);
  const share = whole > 0 ? remaining / whole : 1;
  const left = Math.min(cells, Math.max(1, Math.ceil(share * cells)));
  return LEFT.repeat(left) + GONE.repeat(cells - left);
}

/** Green, yellow where its end is near, red where it is very near; dim once it is over. */
export function lifePaint({ remaining, replaced }: Life, style: Style): (text: string) => string {
  if (!(remaining > 0)) return style.dim;
  if (replaced || remaining > EXPIRING_SECONDS) return style.green;
  return remaining > PRESSING_SECONDS ? style.yellow : style.red;
}
