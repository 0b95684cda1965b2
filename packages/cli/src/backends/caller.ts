/** Who acts in an environment: the STS caller where any part of it is on AWS, else the user of this machine. */
import { localActor } from '../actor.ts';
import type { Settings } from '../config/resolve.ts';
import type { Io } from '../io.ts';

export interface Caller {
  /** An STS caller ARN. */
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** Milliseconds by which the local clock is ahead of AWS; absent if AWS did not say. */
  readonly clockSkew?: number;
}

export async function awsCaller({ aws }: Settings, { clock }: Pick<Io, 'clock'>): Promise<Caller> {
  const { callerIdentity } = await import('@apikey/shared/sts');
  return callerIdentity({ ...aws, clock });
}

/**
 * The actor for the audit log. Before anything is dated and signed, throws `CLOCK_SKEW` for a clock that is more than
 * a minute off; what only takes away goes on, since it must not fail.
 */
export async function findActor(
  settings: Settings,
  io: Pick<Io, 'clock' | 'env'>,
  signs: boolean,
  onSkew: (skew: number) => void = () => {},
): Promise<string> {
  if (!usesAws(settings)) return localActor(io.env);
  const caller = await awsCaller(settings, io);
  if (caller.clockSkew !== undefined) onSkew(caller.clockSkew);
  if (signs) await checkClock(caller);
  return caller.arn;
}

export async function checkClock(caller: Caller): Promise<void> {
  const { requireClock } = await import('@apikey/shared/sts');
  requireClock(caller);
}

export function usesAws({ registry, keys }: Settings): boolean {
  return registry.scheme === 'dynamodb' || keys.scheme === 'awskms';
}
