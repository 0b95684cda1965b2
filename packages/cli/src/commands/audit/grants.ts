/** How `audit verify` verifies grants: with the keys of the environment, where the caller may read their public halves. */
import {
  AccessDeniedError,
  ApikeyError,
  InvalidStateError,
  rememberingPublicKeys,
  type GrantVerifier,
  type Registry,
} from '@apikey/shared';
import { openKeys } from '../../backends.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Io } from '../../io.ts';

export interface AuditGrants {
  readonly verifier?: GrantVerifier;
  /** Why grants are not verified at all. */
  readonly notVerified?: string;
}

/** An auditor may have no access to the keys: the chains are checked all the same, and the report says what was not. */
export async function auditGrants(
  settings: Settings,
  registry: Pick<Registry, 'readKeyRing'>,
  io: Pick<Io, 'clock'>,
): Promise<AuditGrants> {
  try {
    const keys = rememberingPublicKeys(await openKeys(settings, io));
    const active = (await registry.readKeyRing())?.keys.find(({ state }) => state === 'active');
    if (active === undefined) return { notVerified: 'the key ring has no active key' };
    await keys.publicKeyOf(active.kid);
    const environment = { name: settings.env.value, issuer: settings.issuer };
    return { verifier: { keys: { publicKeyOf: (kid) => keys.publicKeyOf(kid).catch(asUnchecked) }, environment } };
  } catch (error) {
    if (error instanceof ApikeyError) return { notVerified: error.message };
    throw error;
  }
}

function asUnchecked(error: unknown): never {
  if (!(error instanceof AccessDeniedError)) throw error;
  throw new InvalidStateError('WRONG_STATE', error.message, { cause: error });
}
