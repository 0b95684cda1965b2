/** The headers that tell a backend who was let in. */
import type { Allowed, PublicAccess } from '@apikey/authorizer';

export const CLIENT_HEADER = 'X-Client-Id';
export const TOKEN_HEADER = 'X-Token-Id';
export const SCOPES_HEADER = 'X-Scopes';

/**
 * Names and values in turn. All three are always there, empty on a public route: a proxy that copies none would keep what
 * the client sent.
 */
export function identityHeaders({ client = '', jti = '', scopes = [] }: Allowed | PublicAccess): string[] {
  return [CLIENT_HEADER, client, TOKEN_HEADER, jti, SCOPES_HEADER, scopes.join(' ')];
}
