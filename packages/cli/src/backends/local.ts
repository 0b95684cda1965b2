/** The embedded adapters, imported when an environment names them. */
import type { KeyProvider, PublicKeySource, Registry, SealStore } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';
import { explainMissing } from './missing.ts';

export async function openSqlite(settings: Settings, mode: 'read' | 'write' | 'create'): Promise<Registry> {
  const { openLocalRegistry } = await import('@apikey/shared/local');
  const { registry, keys } = settings;
  try {
    return openLocalRegistry({ dataDir: registry.place, create: mode === 'create', readOnly: mode === 'read' });
  } catch (error) {
    // With keys elsewhere, `issue` sets up nothing in passing.
    throw keys.scheme === 'file' ? error : explainMissing(error, settings);
  }
}

export async function fileKeys({ keys, passphrase }: Settings): Promise<KeyProvider> {
  const { localKeyProvider } = await import('@apikey/shared/local');
  return localKeyProvider({ dataDir: keys.place, ...(passphrase === undefined ? {} : { passphrase }) });
}

export async function sealFiles({ registry }: Settings): Promise<SealStore> {
  const { localSealStore } = await import('@apikey/shared/local');
  return localSealStore({ dataDir: registry.place });
}

/** Opens no private key. */
export async function filePublicKeys({ keys }: Settings): Promise<PublicKeySource> {
  const { localPublicKeys } = await import('@apikey/shared/local');
  return localPublicKeys({ dataDir: keys.place });
}
