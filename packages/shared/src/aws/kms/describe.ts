/** What KMS says about a key, as far as apikey asks. */
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import type { Session } from '../session.ts';
import type { KmsClient } from './regions.ts';

export interface KeyFacts {
  readonly arn: string;
  /** `Enabled`, `Disabled`, `PendingDeletion`, `PendingReplicaDeletion`, `Creating`, ... */
  readonly state: string;
  /** `SIGN_VERIFY` for every key of apikey. */
  readonly usage: string;
  readonly spec: string;
  readonly multiRegion: boolean;
  /** Epoch milliseconds, for a key that waits for its deletion. */
  readonly deletionAt?: number;
}

/** `name` is a key ARN, or an alias of the session's Region and account. */
export async function describeKey(session: Session<KmsClient>, name: string): Promise<KeyFacts> {
  const { KeyMetadata: key } = await session.run({ action: 'kms:DescribeKey', resource: name }, (client, abortSignal) =>
    client.send(new DescribeKeyCommand({ KeyId: name }), { abortSignal }),
  );
  return {
    arn: key?.Arn ?? '',
    state: key?.KeyState ?? 'unknown',
    usage: key?.KeyUsage ?? 'unknown',
    spec: key?.KeySpec ?? 'unknown',
    multiRegion: key?.MultiRegion ?? false,
    ...(key?.DeletionDate === undefined ? {} : { deletionAt: key.DeletionDate.getTime() }),
  };
}

/** States from which no signature can come. */
export function cannotSign({ state }: KeyFacts): boolean {
  return ['Disabled', 'PendingDeletion', 'PendingReplicaDeletion'].includes(state);
}
