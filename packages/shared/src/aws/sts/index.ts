/** Who is calling: the actor of the audit log on AWS, and the first word of `doctor`. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '../../ports/clock.ts';
import { UnavailableError } from '../../ports/errors.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { clockSkewError, MAX_CLOCK_SKEW_MILLIS, skewOf } from '../clock-skew.ts';
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
  const { clock } = options;
  const now = clock === undefined ? Date.now : () => clock.now();
  let skew: number | undefined;
  try {
    const call = { action: 'sts:GetCallerIdentity', resource: 'the caller' } as const;
    const { Arn, Account } = await session.run(call, (client, abortSignal) => {
      const command = new GetCallerIdentityCommand({});
      command.middlewareStack.add(
        (next) => async (request) => {
          const sent = now();
          const result = await next(request);
          skew = skewOf(result.response, sent, now());
          return result;
        },
        { step: 'deserialize', priority: 'low' },
      );
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
  if (clockSkew !== undefined && Math.abs(clockSkew) > MAX_CLOCK_SKEW_MILLIS) throw clockSkewError(clockSkew);
}
