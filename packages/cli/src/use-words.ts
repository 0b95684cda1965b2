/** The use of tokens in words: the evidence that an admin decides by. It is a lower bound, and words must not promise more. */
import { formatSeconds, USAGE_INTERVAL_SECONDS, type TokenView } from '@apikey/shared';
import { distance } from './terminal/distance.ts';

/** `15 minutes` */
const INTERVAL = `${USAGE_INTERVAL_SECONDS / 60} minutes`;

/** What every use that is shown, and every conclusion from one, has to be read with. */
export const LOWER_BOUND: string = `Uses are a lower bound: they are noted at most every ${INTERVAL} per process, by authorizers that record them.`;

/** The same behind a single value. */
const TO_WITHIN = `noted at most every ${INTERVAL}`;

/** The same below a table, where a use of any of its tokens is known. */
export function usesNote(views: readonly Used[]): string[] {
  return views.some(({ lastUsedAt }) => lastUsedAt !== undefined) ? [LOWER_BOUND] : [];
}

type Used = Pick<TokenView, 'lastUsedAt'>;

/** `last used 4 minutes ago` */
export function lastUsedWords({ lastUsedAt }: Used, now: number): string {
  return lastUsedAt === undefined ? 'no use recorded' : `last used ${since(lastUsedAt, now)}`;
}

/** For a block of names and values: `2027-02-01T09:30:00Z (4 minutes ago), its successor never; noted at most every 15 minutes`. */
export function lastUsedValue(view: Used, now: number, successor?: Used): string {
  const known = view.lastUsedAt ?? successor?.lastUsedAt;
  const words = lastUse(view, now, successor);
  return known === undefined ? words : `${words}; ${TO_WITHIN}`;
}

/** The same where the words around it say how uses are noted. */
export function lastUse(view: Used, now: number, successor?: Used): string {
  const { lastUsedAt } = view;
  if (lastUsedAt === undefined)
    return successor === undefined ? 'no use recorded' : rotationVerdict(view, successor, now);
  const own = `${formatSeconds(lastUsedAt)} (${since(lastUsedAt, now)})`;
  return successor === undefined ? own : `${own}, its successor ${ago(successor, now)}`;
}

/** The cells of a column that is empty, and so is left out, where no use of any of the tokens is known. */
export function lastUsedCell(views: readonly TokenView[], now: number): (view: TokenView) => string {
  const known = views.some(({ lastUsedAt }) => lastUsedAt !== undefined);
  return ({ lastUsedAt }) => (lastUsedAt === undefined ? (known ? 'never' : '') : since(lastUsedAt, now));
}

/**
 * The evidence for ending a token that was replaced: `last used 4 minutes ago, its successor never`. Of one of the two
 * a use is known, so that usage is recorded, and `never` may be said of the other.
 */
export function rotationVerdict(old: Used, successor: Used, now: number): string {
  if (old.lastUsedAt === undefined && successor.lastUsedAt === undefined) {
    return 'no use recorded, nor of its successor';
  }
  const used = old.lastUsedAt === undefined ? 'never used' : lastUsedWords(old, now);
  return `${used}, its successor ${ago(successor, now)}`;
}

function ago({ lastUsedAt }: Used, now: number): string {
  return lastUsedAt === undefined ? 'never' : since(lastUsedAt, now);
}

/** An authorizer's clock may be a little ahead of this one: a use never lies in the future. */
function since(seconds: number, now: number): string {
  return distance(Math.min(seconds, now), now);
}
