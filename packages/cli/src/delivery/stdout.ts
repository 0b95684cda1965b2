/** Hands a token over on standard output, bare or inside a JSON object, and believes nothing but a completed write. */
import { UnavailableError, type TokenRecord, type TokenSink } from '@apikey/shared';
import { systemReason } from '../failure.ts';
import type { Output } from '../io.ts';

/** @param form the text for a token; a line end is added */
export function stdoutSink(
  stdout: Output,
  form: (token: string, record: TokenRecord) => string = (token) => token,
): TokenSink {
  return {
    check: async () => {},
    deliver: async (token, record) => {
      try {
        stdout.write(`${form(token, record)}\n`);
        stdout.sync();
      } catch (error) {
        throw new UnavailableError('standard output did not take the token', {
          code: 'DELIVERY_FAILED',
          why: `writing to standard output failed: ${systemReason(error)}`,
          cause: error,
        });
      }
    },
  };
}
