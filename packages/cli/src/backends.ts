/**
 * The composition root: turns the configured backend URIs into a registry and keys. Adapters are imported when an
 * environment asks for them, by the files of `backends/`; no other part of the program knows one.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  ApikeyError,
  MAIN_RING,
  type KeyProvider,
  type OperationDeps,
  type PublicKeySource,
  type Registry,
  type RingName,
  type SealStore,
} from '@apikey/shared';
import { asTheActiveKey, kmsKeys, type MultiRegion } from './backends/awskms.ts';
import { findActor } from './backends/caller.ts';
import { openDynamo, openDynamoSeals } from './backends/dynamodb.ts';
import { HostClock, type SkewWatch } from './backends/host-clock.ts';
import { fileKeys, filePublicKeys, openSqlite, sealFiles } from './backends/local.ts';
import type { Settings } from './config/resolve.ts';
import type { Io } from './io.ts';

/**
 * `existing` throws `REGISTRY_NOT_FOUND` where nothing was set up yet (on DynamoDB with the first call); `create` sets
 * up an empty embedded registry. `sign` is `existing` for what dates and signs: it refuses a clock that is wrong.
 */
export type OpenMode = 'existing' | 'sign' | 'create';

/** What a command works with, until it closes the registry. New keys are for `ring`. */
export async function openBackend(
  settings: Settings,
  io: Io,
  mode: OpenMode,
  ring: RingName = MAIN_RING,
): Promise<OperationDeps> {
  const clockEvidence = new HostClock(settings.clockChecked);
  const watch: SkewWatch = { clock: io.clock, onSkew: clockEvidence.onSkew };
  const actor = await findActor(settings, io, mode !== 'existing', watch.onSkew);
  const registry = await openRegistry(settings, mode === 'create' ? 'create' : 'write', watch);
  const keys = await openKeys(settings, watch, asTheActiveKey(registry), ring);
  return operationDeps(settings, io, { registry, keys, actor, clockEvidence });
}

/** For commands that only read: nothing is created, and no private key is in reach. */
export async function openForReading(
  settings: Settings,
): Promise<{ readonly registry: Registry; readonly publicKeys: PublicKeySource }> {
  return { registry: await openRegistry(settings, 'read'), publicKeys: await openPublicKeys(settings) };
}

/** The same where it exists; nothing where the embedded environment was never set up. */
export async function ifSetUp<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof ApikeyError && error.code === 'REGISTRY_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What an operation works with that was opened for it. */
export type OpenedParts = Pick<OperationDeps, 'registry' | 'keys' | 'actor' | 'clockEvidence'>;

export function operationDeps(settings: Settings, io: Io, parts: OpenedParts): OperationDeps {
  const { env, issuer, audience, defaultTtl, maxTtl } = settings;
  return {
    ...parts,
    clock: io.clock,
    delay: io.delay,
    entropy: { uuid: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() },
    environment: { name: env.value, issuer, audience, defaultTtl, maxTtl },
  };
}

/** Whether both locks lie in one place that one person may read: what `issue` and `init` tell. */
export function isEmbedded({ registry, keys }: Settings): boolean {
  return registry.scheme === 'sqlite' && keys.scheme === 'file';
}

/** Mixed environments are allowed: keys in KMS over a local registry, or the other way round, for trials and tests. */
export async function openRegistry(
  settings: Settings,
  mode: 'read' | 'write' | 'create',
  watch?: SkewWatch,
): Promise<Registry> {
  return settings.registry.scheme === 'sqlite' ? openSqlite(settings, mode) : openDynamo(settings, watch);
}

export async function openKeys(
  settings: Settings,
  watch: SkewWatch,
  multiRegion: MultiRegion = async () => false,
  ring: RingName = MAIN_RING,
): Promise<KeyProvider> {
  return settings.keys.scheme === 'file' ? fileKeys(settings) : kmsKeys(settings, watch, multiRegion, ring);
}

/** Where the seals of the audit log are kept: with the registry. */
export async function openSeals(settings: Settings): Promise<SealStore> {
  return settings.registry.scheme === 'sqlite' ? sealFiles(settings) : openDynamoSeals(settings);
}

export async function openPublicKeys(settings: Settings): Promise<PublicKeySource> {
  if (settings.keys.scheme === 'file') return filePublicKeys(settings);
  return kmsKeys(settings, { clock: { now: () => Date.now() } }, async () => false);
}
