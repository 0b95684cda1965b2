/** Compares the local clock with the service's: tokens take their times from the first, verifiers from the second. */
import type { Clock } from '../ports/clock.ts';
import { member, text } from './vendor-error.ts';

/** The `Date` header has whole seconds. */
const RESOLUTION = 1_000;

/**
 * By how many milliseconds the local clock is ahead of (positive) or behind the service, from an HTTP response and the
 * local times at which its request was sent and it was received. The time between the two counts for nothing. Absent
 * without a usable `Date`.
 */
export function skewOf(response: unknown, sent: number, received: number): number | undefined {
  const header = text(member(response, 'headers'), 'date');
  const service = header === undefined ? Number.NaN : Date.parse(header);
  if (Number.isNaN(service)) return undefined;
  if (sent > service + RESOLUTION) return sent - service - RESOLUTION;
  return received < service ? received - service : 0;
}

/** Whoever wants to know the skew that the answers of a client show, by a clock of their own. */
export interface SkewWatch {
  readonly clock?: Clock | undefined;
  /** Told of each answer that has a usable `Date`. */
  readonly onSkew?: ((skew: number) => void) | undefined;
}

type Next<Request, Result> = (request: Request) => Promise<Result>;

/** A step of a client or command of the SDK that reads the skew of each answer. Goes to the end of `deserialize`. */
export function watchSkew({ clock = { now: Date.now }, onSkew = () => {} }: SkewWatch) {
  return <Request, Result extends { readonly response: unknown }>(next: Next<Request, Result>): Next<Request, Result> =>
    async (request) => {
      const sent = clock.now();
      const result = await next(request);
      const skew = skewOf(result.response, sent, clock.now());
      if (skew !== undefined) onSkew(skew);
      return result;
    };
}

/** Where the step belongs: behind all others that see the answer as it came. */
export const SKEW_STEP = { step: 'deserialize', priority: 'low' } as const;
