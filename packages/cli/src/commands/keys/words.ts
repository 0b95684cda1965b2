/** How commands speak of signing keys. */
import { KEY_SETTLING_SECONDS, formatDuration, type RingKey } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { sameEnvironment } from '../../environment-words.ts';

/** How long verifiers are given to learn a key. */
export const SETTLING: string = formatDuration(KEY_SETTLING_SECONDS);

/** A command about a key that can be pasted; that a kid may start with a hyphen is the parser's business. */
export function keyCommand(verb: string, { kid }: Pick<RingKey, 'kid'>, settings: Settings, flags = ''): string {
  return `apikey keys ${verb}${sameEnvironment(settings)}${flags} ${kid}`;
}
