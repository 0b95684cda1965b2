/** How long a revoked token or key may still be let in by authorizers that are set as the configuration says. */
import { DEFAULT_KEYS_STALENESS, revocationBound, type RevocationBound } from '@apikey/shared';
import type { Settings } from './config/resolve.ts';

/** The configuration does not say how old the key ring may be: taken to be the authorizers' default. */
export function configuredBound({
  gatewayResultTtl,
  maxStaleness,
  staleIfError,
}: Pick<Settings, 'gatewayResultTtl' | 'maxStaleness' | 'staleIfError'>): RevocationBound {
  const ages = { tokens: maxStaleness, keys: DEFAULT_KEYS_STALENESS };
  return revocationBound({ gatewayResultTtl, maxStaleness: ages, staleIfError });
}
