/** The KMS adapter, imported at its first call: most commands need no key. */
import { MAIN_RING, SEAL_RING, type KeyProvider, type Registry, type RingName } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';
import type { SkewWatch } from './host-clock.ts';

/** Whether new keys are to be multi-Region primaries. */
export type MultiRegion = () => Promise<boolean>;

export function kmsKeys(
  settings: Settings,
  watch: SkewWatch,
  multiRegion: MultiRegion,
  ring: RingName = MAIN_RING,
): KeyProvider {
  let opened: Promise<KeyProvider> | undefined;
  const keys = (): Promise<KeyProvider> => {
    opened ??= open(settings, watch, false, ring);
    return opened;
  };
  return {
    create: async (alg) => (await open(settings, watch, await multiRegion(), ring)).create(alg),
    publicKey: async (ref, signal) => (await keys()).publicKey(ref, signal),
    publicKeyOf: async (kid) => (await keys()).publicKeyOf(kid),
    sign: async (ref, alg, input) => (await keys()).sign(ref, alg, input),
    disable: async (ref) => (await keys()).disable(ref),
    scheduleDeletion: async (ref) => (await keys()).scheduleDeletion(ref),
  };
}

/** A new key is what the active one is: whoever runs in two Regions once does so with every key that follows. */
export function asTheActiveKey(registry: Pick<Registry, 'getRing'>): MultiRegion {
  return async () => {
    const { parseKeyArn } = await import('@apikey/shared/kms');
    const active = (await registry.getRing(MAIN_RING))?.keys.find(({ state }) => state === 'active');
    return active !== undefined && parseKeyArn(active.ref)?.multiRegion === true;
  };
}

/** The tag that every key of an environment bears; its value is what `awskms:` names. */
export async function keysTag(): Promise<string> {
  return (await import('@apikey/shared/kms')).KEYS_TAG;
}

/** What the aliases of keys for seals begin with, where those of the other keys begin with `aliasBase`. */
export async function sealAliases(aliasBase: string): Promise<string> {
  return (await import('@apikey/shared/kms')).sealAliasBase(aliasBase);
}

async function open(
  { keys, aws, env }: Settings,
  watch: SkewWatch,
  multiRegion: boolean,
  ring: RingName,
): Promise<KeyProvider> {
  const { kmsKeyProvider } = await import('@apikey/shared/kms');
  return kmsKeyProvider({
    ...aws,
    aliasBase: keys.place,
    ...watch,
    multiRegion,
    ring,
    description: `apikey ${ring === SEAL_RING ? 'key for seals' : 'signing key'} of environment ${env.value}`,
  });
}
