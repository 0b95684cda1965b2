/** Hands a token over, and says what became of it when that fails. */
import { ApikeyError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { TokenSink } from '../ports/token-sink.ts';

/**
 * Delivers, or throws `DELIVERY_FAILED`: the record stays pending, so whatever left by half is worth nothing.
 *
 * @param again how to go on, once the destination is mended; absent = as a single token's command says
 */
export async function deliver(sink: TokenSink, token: string, record: TokenRecord, again?: string): Promise<void> {
  try {
    await sink.deliver(token, record);
  } catch (error) {
    const why = error instanceof ApikeyError ? (error.why ?? error.message) : 'the destination failed';
    throw new UnavailableError(`the token could not be handed over`, {
      code: 'DELIVERY_FAILED',
      why: `${why}; token ${record.jti} stays pending: nothing accepts it`,
      fix: `mend the destination and ${again ?? rerun(record)}`,
      cause: error,
    });
  }
}

function rerun({ requestId }: TokenRecord): string {
  return `run the command again${requestId === undefined ? '' : ` with --request-id ${requestId}`}`;
}
