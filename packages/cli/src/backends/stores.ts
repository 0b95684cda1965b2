/** The stores that tokens are delivered to, imported when a command names one. */
import type { StagedSink } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';
import type { StoreUri } from '../delivery/store-uri.ts';

/** Sends nothing yet: `check` is the first to ask. */
export async function openStore(store: StoreUri, { aws }: Pick<Settings, 'aws'>): Promise<StagedSink> {
  if (store.scheme === 'ssm') {
    const { parameterSink } = await import('@apikey/shared/ssm');
    return parameterSink({ ...aws, path: store.path });
  }
  const { secretSink } = await import('@apikey/shared/secretsmanager');
  return secretSink({ ...aws, secret: store.secret, key: store.key });
}
