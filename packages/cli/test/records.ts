/** A token record for tests that need any. */
import type { TokenRecord } from '@apikey/shared';

export function tokenRecord(): TokenRecord {
  return {
    jti: '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11',
    client: 'partner',
    state: 'pending',
    epoch: 1,
    kid: 'A'.repeat(43),
    iat: 1,
    exp: 2,
    liveUntil: 2,
    scopes: [],
    aud: ['https://api.localhost'],
    payloadSha256: '0'.repeat(64),
    iss: 'https://apikey.localhost',
    issuedBy: 'ann@host',
  };
}
