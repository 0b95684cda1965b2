/** Hands a token over, and says what became of it when that fails. */
import { ApikeyError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { TokenSink } from '../ports/token-sink.ts';

/** Delivers, or throws `DELIVERY_FAILED`: the record stays pending, so whatever left by half is worth nothing. */
export async function deliver(sink: TokenSink, token: string, record: TokenRecord): Promise<void> {
  try {
    await sink.deliver(token, record);
  } catch (error) {
    const why = error instanceof ApikeyError ? (error.why ?? error.message) : 'the destination failed';
    throw new UnavailableError(`the token could not be handed over`, {
      code: 'DELIVERY_FAILED',
      why: `${why}; token ${record.jti} stays pending: nothing accepts it`,
      fix:
        record.requestId === undefined
          ? 'mend the destination and run the command again'
          : `mend the destination and run the command again with --request-id ${record.requestId}`,
      cause: error,
    });
  }
}
