/** A store in memory that shows a token only once it is promoted, and fails when told to. */
import type { TokenRecord } from '../domain/records.ts';
import { RefusedError } from '../domain/errors.ts';
import type { StagedSink } from '../ports/token-sink.ts';

export interface MemoryStore extends StagedSink {
  /** What readers get. */
  readonly shown: { readonly token: string; readonly record: TokenRecord } | undefined;
  /** How many tokens wait for their turn. */
  readonly waiting: number;
  /** From now on `promote` rejects with this and shows nothing; nothing = it succeeds again. */
  failPromotion(error?: Error): void;
}

export function memoryStore(): MemoryStore {
  const staged = new Map<string, string>();
  let shown: MemoryStore['shown'];
  let failure: Error | undefined;
  return {
    get shown() {
      return shown;
    },
    get waiting() {
      return staged.size;
    },
    failPromotion: (error) => {
      failure = error;
    },
    check: async () => {},
    requireRoom: () => {},
    deliver: async (token, { jti }) => {
      staged.set(jti, token);
    },
    promote: async (record) => {
      if (failure !== undefined) throw failure;
      if (shown?.record.jti !== record.jti) {
        const token = staged.get(record.jti);
        if (token === undefined) throw new RefusedError('SECRET_CHANGED', 'the store does not hold this token');
        shown = { token, record };
      }
      staged.delete(record.jti);
      return `version of ${record.jti}`;
    },
    staging: ({ jti }) => `the drawer ${jti}`,
  };
}
