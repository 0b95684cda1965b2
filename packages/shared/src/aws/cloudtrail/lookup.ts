/** Signing calls from CloudTrail's event history, which keeps 90 days of one Region without a trail. */
import { CloudTrailClient as SdkClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import type { EpochMillis } from '../../domain/records.ts';
import type { SignLogEntry } from '../../ports/sign-log.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { Session } from '../session.ts';
import { damagedEvidence, readRecord } from './record.ts';

export type CloudTrailClient = Pick<SdkClient, 'send' | 'destroy' | 'config'>;

export interface LookupOptions extends AwsTarget {
  readonly from: EpochMillis;
  readonly until: EpochMillis;
  readonly client?: CloudTrailClient;
  readonly timing?: Timing;
}

/** Two calls a second are allowed (AWS CloudTrail API Reference, LookupEvents): being throttled here is normal. */
const PATIENT: Timing = { ...INTERACTIVE, budget: 60_000 };
const SOURCE = "CloudTrail's event history";

/** Throws port errors, and `EVIDENCE_DAMAGED` for an event that is not in CloudTrail's form. */
export async function* lookupSignCalls(options: LookupOptions): AsyncGenerator<SignLogEntry> {
  const session = new Session<CloudTrailClient>((settings) => new SdkClient(settings), { timing: PATIENT, ...options });
  const call = { action: 'cloudtrail:LookupEvents', resource: 'the event history' } as const;
  try {
    let page: string | undefined;
    do {
      const NextToken = page;
      const { Events = [], NextToken: next } = await session.run(call, (client, abortSignal) =>
        client.send(
          new LookupEventsCommand({
            LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'Sign' }],
            StartTime: new Date(options.from),
            EndTime: new Date(options.until),
            MaxResults: 50,
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
          { abortSignal },
        ),
      );
      for (const { CloudTrailEvent } of Events) yield readRecord(parsed(CloudTrailEvent), SOURCE);
      page = next;
    } while (page !== undefined && page !== '');
  } finally {
    session.close();
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw damagedEvidence(SOURCE, 'an event is not JSON', error);
  }
}
