/** A token's state in words, and the shape and colour that go with them, the same everywhere in the report. */
import type { TokenView } from '@apikey/shared';
import { statusWord } from '../commands/list/columns.ts';
import type { Life } from './life.ts';

/** Names a shape and a colour of the style sheet. */
type Tone = 'live' | 'grace' | 'pending' | 'stopped' | 'revoked' | 'ended';

export interface TokenStatus {
  readonly tone: Tone;
  /** As `apikey list` has it: `live`, `live (replaced)`, `revoked`, `client suspended`. */
  readonly word: string;
}

/**
 * Of a token that ended by time, its end: the verdict names the first lock that is closed, which may have been closed
 * long after nobody could pass it any more.
 */
export function tokenStatus(view: TokenView, { end }: Pick<Life, 'end'>): TokenStatus {
  const { live, over, record } = view;
  if (live) return { tone: record.replacedBy === undefined ? 'live' : 'grace', word: statusWord(view) };
  if (!over) return { tone: record.state === 'pending' ? 'pending' : 'stopped', word: statusWord(view) };
  if (end.kind === 'revoked') return { tone: 'revoked', word: statusWord(view) };
  if (record.state === 'pending') return { tone: 'ended', word: 'never activated' };
  return { tone: 'ended', word: record.liveUntil < record.exp ? 'retired' : 'expired' };
}
