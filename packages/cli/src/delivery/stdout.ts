/** Hands a token over on standard output, bare or inside a JSON object, and believes nothing but a completed write. */
import { ApikeyError, UnavailableError, type TokenRecord, type TokenSink } from '@apikey/shared';
import { systemReason } from '../failure.ts';
import type { Output } from '../io.ts';
import { grouped } from './grouped.ts';

/** Lines that are written together. */
const GROUP = 256;

/** @param form the text for a token; a line end is added */
export function stdoutSink(
  stdout: Output,
  form: (token: string, record: TokenRecord) => string = (token) => token,
): TokenSink {
  return {
    check: async () => requireReader(stdout),
    deliver: async (token, record) => {
      writeOut(stdout, `${form(token, record)}\n`);
    },
  };
}

/** Many tokens, a line each; those that come together are written together. */
export function stdoutLines(stdout: Output, form: (token: string, record: TokenRecord) => string): TokenSink {
  const deliver = grouped<string>(GROUP, async (lines) => {
    writeOut(stdout, lines.map((line) => `${line}\n`).join(''));
    return [];
  });
  return { check: async () => requireReader(stdout), deliver: (token, record) => deliver(form(token, record)) };
}

/** Throws where a token would be gone as soon as it is written. */
export function requireReader(stdout: Output, fix = 'add -o FILE or --to STORE, or let another command read it'): void {
  if (!stdout.discards) return;
  throw new ApikeyError('OUTPUT_DISCARDED', 'standard output keeps nothing, so a token would be lost', {
    why: 'it is closed, or it is a device like /dev/null',
    fix,
  });
}

function writeOut(stdout: Output, text: string): void {
  try {
    stdout.write(text);
    stdout.sync();
  } catch (error) {
    throw new UnavailableError('standard output did not take the token', {
      code: 'DELIVERY_FAILED',
      why: `writing to standard output failed: ${systemReason(error)}`,
      cause: error,
    });
  }
}
