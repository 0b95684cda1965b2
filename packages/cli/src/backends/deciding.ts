/** What the gateway decides by: the same sources that an authorizer in a function has, for the environment at hand. */
import { AuthorizerConfigError } from '@apikey/authorizer';
import { InvalidValueError, type PublicKeySource, type StatusReader, type UsageRecorder } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';
import type { Io } from '../io.ts';
import { awsCaller } from './caller.ts';

export interface DecisionSources {
  readonly status: StatusReader;
  readonly keys: PublicKeySource;
  /** ARNs of the keys that may be trusted; empty where the keys are files. */
  readonly trustedKeys: readonly string[];
  /** Where last uses are kept; absent unless asked for. */
  readonly usage: UsageRecorder | undefined;
  readonly close: () => Promise<void>;
}

/** What the registry is for: statuses come out of it, and uses go into it if wanted. */
type RegistrySources = Pick<DecisionSources, 'status' | 'usage' | 'close'>;

export interface SourceOptions {
  /** ARNs of KMS keys; empty = all keys of the caller's own account and Region. */
  readonly keysAllow: readonly string[];
  readonly trackUsage: boolean;
}

export async function openSources(
  settings: Settings,
  io: Pick<Io, 'clock'>,
  { keysAllow, trackUsage }: SourceOptions,
): Promise<DecisionSources> {
  const registry = await (settings.registry.scheme === 'sqlite' ? sqlite : dynamo)(settings, trackUsage);
  if (settings.keys.scheme === 'file') {
    const { localKeys } = await import('@apikey/authorizer/local');
    return { ...registry, keys: localKeys({ dataDir: settings.keys.place }), trustedKeys: [] };
  }
  const trustedKeys = keysAllow.length > 0 ? keysAllow : [await ownKeys(settings, io)];
  return { ...registry, keys: await kmsKeys(settings, trustedKeys), trustedKeys };
}

async function sqlite({ registry }: Settings, trackUsage: boolean): Promise<RegistrySources> {
  const { localStatus, localUsage } = await import('@apikey/authorizer/local');
  const usage = trackUsage ? localUsage({ dataDir: registry.place }) : undefined;
  return { status: localStatus({ dataDir: registry.place }), usage, close: async () => usage?.close() };
}

async function dynamo({ registry, aws }: Settings, trackUsage: boolean): Promise<RegistrySources> {
  const { authorizerClient, dynamoStatusReader, dynamoUsage } = await import('@apikey/shared/dynamodb');
  const client = authorizerClient(aws);
  const target = { table: registry.place, client };
  return {
    status: dynamoStatusReader(target),
    usage: trackUsage ? dynamoUsage(target) : undefined,
    close: async () => client.destroy(),
  };
}

async function kmsKeys({ aws }: Settings, allow: readonly string[]): Promise<PublicKeySource> {
  const { kmsPublicKeys } = await import('@apikey/shared/kms');
  try {
    return kmsPublicKeys({ allow, ...aws });
  } catch (cause) {
    if (!(cause instanceof TypeError) || cause instanceof AuthorizerConfigError) throw cause;
    throw new InvalidValueError('INVALID_INPUT', '--keys-allow names what is no KMS key', {
      why: cause.message.replace(/^allow:? /, ''),
      fix: 'give ARNs like arn:aws:kms:us-east-1:111122223333:key/*',
      cause,
    });
  }
}

/** Whoever can write the key ring must at least not be able to name a key of another account. */
async function ownKeys(settings: Settings, io: Pick<Io, 'clock'>): Promise<string> {
  const { arn, account, region } = await awsCaller(settings, io);
  const [, partition = 'aws'] = arn.split(':');
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}
