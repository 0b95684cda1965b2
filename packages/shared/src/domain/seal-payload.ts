/** The payload of a seal as it is signed: strict on the way back in, since a seal has been outside of anybody's care. */
import * as z from 'zod/mini';
import { ApikeyError } from './errors.ts';
import { isClientId } from './identifiers.ts';
import type { EpochMillis, EpochSeconds } from './records.ts';
import type { SealedChain, SealStatement } from './seal.ts';
import { formatMillis, MAX_EPOCH_SECONDS } from './time.ts';

export interface SealPayload extends SealStatement {
  /** The issuer of the environment's tokens: two environments may have one name, but not one issuer. */
  readonly iss: string;
  readonly iat: EpochSeconds;
}

/** @param at when the last head had been read: by then, each chain had come at least so far */
export function sealPayload(
  environment: { readonly name: string; readonly issuer: string },
  at: EpochMillis,
  chains: readonly SealedChain[],
): SealPayload {
  return {
    iss: environment.issuer,
    env: environment.name,
    iat: Math.floor(at / 1000),
    at: formatMillis(at),
    chains,
  };
}

const payload = z.strictObject({
  iss: z.string().check(z.minLength(1)),
  env: z.string().check(z.minLength(1)),
  iat: z.int().check(z.gte(0), z.lte(MAX_EPOCH_SECONDS)),
  at: z.string().check(z.regex(/^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$/)),
  chains: z
    .array(
      z.strictObject({
        aggregate: z.string().check(z.refine(isAggregate)),
        seq: z.int().check(z.gte(1)),
        hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      }),
    )
    .check(z.refine((chains) => new Set(chains.map(({ aggregate }) => aggregate)).size === chains.length)),
});

/** Throws `SEAL_INVALID`, without a word of what was given. */
export function parseSealPayload(value: unknown): SealPayload {
  const result = z.safeParse(payload, value);
  if (result.success) return result.data;
  throw new ApikeyError('SEAL_INVALID', 'this is not a seal of apikey', {
    why: `at ${result.error.issues[0]?.path.join('.') || 'its top'}, it does not say what a seal says`,
    fix: 'give the seal exactly as `apikey audit seal` wrote it, or use the version that did',
  });
}

function isAggregate(name: string): boolean {
  return name.startsWith('client:')
    ? isClientId(name.slice('client:'.length))
    : /^ring:[a-z][a-z0-9-]{0,31}$/.test(name);
}
