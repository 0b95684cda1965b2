/** Who is calling: the actor of the audit log on AWS, and the first word of `doctor`. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { isBelieved } from '../../domain/clock-limits.ts';
import type { Clock } from '../../ports/clock.ts';
import { clockSkewError } from '../../ports/clock-errors.ts';
import { UnavailableError } from '../../ports/errors.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { SKEW_STEP, watchSkew } from '../clock-skew.ts';
import { Session } from '../session.ts';

export type StsClient = Pick<STSClient, 'send' | 'destroy' | 'config'>;

export interface CallerOptions extends AwsTarget {
  readonly client?: StsClient;
  readonly timing?: Timing;
  readonly clock?: Clock;
}

export interface CallerIdentity {
  /** An STS caller ARN, such as `arn:aws:sts::111122223333:assumed-role/ops/me`. */
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** Milliseconds by which the local clock is ahead of AWS, negative if behind; absent if AWS did not say. */
  readonly clockSkew?: number;
}

/** Asks STS, which needs no permission. Throws port errors, `CREDENTIALS_MISSING` and `CONFIG_INVALID` (no Region). */
export async function callerIdentity(options: CallerOptions = {}): Promise<CallerIdentity> {
  const session = new Session<StsClient>((settings) => new STSClient(settings), { timing: INTERACTIVE, ...options });
  let skew: number | undefined;
  const onSkew = (found: number): void => {
    skew = found;
  };
  try {
    const call = { action: 'sts:GetCallerIdentity', resource: 'the caller' } as const;
    const { Arn, Account } = await session.run(call, (client, abortSignal) => {
      const command = new GetCallerIdentityCommand({});
      command.middlewareStack.add(watchSkew({ clock: options.clock, onSkew }), SKEW_STEP);
      return client.send(command, { abortSignal });
    });
    if (Arn === undefined || Account === undefined) throw new UnavailableError('AWS did not say who the caller is');
    const identity = { arn: Arn, account: Account, region: await session.region() };
    return skew === undefined ? identity : { ...identity, clockSkew: skew };
  } finally {
    session.close();
  }
}

/** Throws `CLOCK_SKEW` for more than a minute: for whatever dates tokens. */
export function requireClock({ clockSkew }: Pick<CallerIdentity, 'clockSkew'>): void {
  if (clockSkew !== undefined && !isBelieved(clockSkew)) throw clockSkewError(clockSkew);
}
