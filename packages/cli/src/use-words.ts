/** The use of tokens in words: the evidence that an admin decides by. It is a lower bound, and words must not promise more. */
import { formatSeconds, type TokenView } from '@apikey/shared';
import { distance } from './terminal/distance.ts';

type Used = Pick<TokenView, 'lastUsedAt'>;

/** `last used 4 minutes ago` */
export function lastUsedWords({ lastUsedAt }: Used, now: number): string {
  return lastUsedAt === undefined ? 'no use recorded' : `last used ${since(lastUsedAt, now)}`;
}

/** For a block of names and values: `2027-02-01T09:30:00Z (4 minutes ago), its successor never`. */
export function lastUsedValue(view: Used, now: number, successor?: Used): string {
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
