/** `--ring`: whether a command is about the keys of tokens or those of seals. */
import { MAIN_RING, SEAL_RING, type RingName } from '@apikey/shared';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { oneOf, parseOptional } from '../../command-line/parse-flag.ts';

export function parseRing(flags: FlagValues): RingName {
  return parseOptional('--ring', flags.text('ring'), oneOf<RingName>([MAIN_RING, SEAL_RING])) ?? MAIN_RING;
}

/** What to add to a suggested command so that it is about the same ring. */
export function sameRing(ring: RingName): string {
  return ring === MAIN_RING ? '' : ` --ring ${ring}`;
}
