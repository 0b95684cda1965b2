/** Who is calling AWS, from where to where, and whether the clocks agree. */
import { isBelieved, MAX_CLOCK_SKEW_MILLIS } from '@apikey/shared';
import { awsCaller, type Caller } from '../../backends/caller.ts';
import { variable } from '../../config/locate.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Io } from '../../io.ts';
import { failed, finding, pass, unchecked, type Check } from './check.ts';

export interface CallerChecks {
  readonly checks: readonly Check[];
  /** Absent where AWS does not know the caller, or cannot be reached: nothing else there can be looked at then. */
  readonly caller: Caller | undefined;
}

export async function checkCaller(settings: Settings, io: Io): Promise<CallerChecks> {
  try {
    const caller = await awsCaller(settings, io);
    return { caller, checks: [pass('caller', caller.arn), endpoint(caller, io.env), clock(caller)] };
  } catch (error) {
    return {
      caller: undefined,
      checks: [failed('caller', error), unchecked('aws', 'nothing else on AWS was looked at')],
    };
  }
}

/** Where the SDK was told to go. A profile may name endpoints as well, and is believed to know. */
function endpoint({ region, account }: Caller, env: Io['env']): Check {
  const named = [
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_DYNAMODB',
    'AWS_ENDPOINT_URL_KMS',
    'AWS_ENDPOINT_URL_STS',
  ].flatMap((name) => {
    const value = variable(env, name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const where = named.length === 0 ? 'the endpoints of AWS' : named.join(', ');
  return pass('endpoint', `account ${account} in ${region}, at ${where}`);
}

function clock({ clockSkew }: Caller): Check {
  if (clockSkew === undefined) return unchecked('clock', 'AWS did not say what time it is');
  const seconds = Math.round(Math.abs(clockSkew) / 1000);
  if (isBelieved(clockSkew)) return pass('clock', `${seconds} s from that of AWS`);
  return finding(
    'clock',
    `the local clock is ${seconds} seconds ${clockSkew < 0 ? 'behind' : 'ahead of'} that of AWS`,
    `over ${MAX_CLOCK_SKEW_MILLIS / 1000} s nothing is given: the times in a token would be as wrong`,
    'set the clock, best by a time service (NTP)',
  );
}
