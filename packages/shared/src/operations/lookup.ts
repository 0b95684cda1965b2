/** Finds the token record that an admin means. */
import { RefusedError } from '../domain/errors.ts';
import { isJti, parseJti, parseJtiPrefix } from '../domain/identifiers.ts';
import type { TokenRecord } from '../domain/records.ts';
import { NotFoundError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';

/** How many candidates an ambiguous prefix lists. */
const MAX_CANDIDATES = 10;

/**
 * The record named by a whole `jti` or, where the client is given, by its first characters (at least 6). Throws
 * `TOKEN_NOT_FOUND`, `AMBIGUOUS` with the candidates, or `INVALID_JTI`.
 */
export async function findTokenRecord(registry: Registry, text: string, client?: string): Promise<TokenRecord> {
  const record =
    client === undefined ? await registry.findToken(parseJti(text)) : await findOfClient(registry, text, client);
  if (record !== undefined) return record;
  throw new NotFoundError('TOKEN_NOT_FOUND', 'no such token', {
    why: client === undefined ? `the registry has no token ${text}` : `client ${client} has no token ${text}`,
    fix: `look for it with: apikey list --all${client === undefined ? '' : ` --client ${client}`}`,
  });
}

async function findOfClient(registry: Registry, text: string, client: string): Promise<TokenRecord | undefined> {
  const prefix = parseJtiPrefix(text);
  if (isJti(prefix)) return registry.getToken(client, prefix);
  const candidates: TokenRecord[] = [];
  for await (const record of registry.tokensOfClient(client, { prefix })) {
    candidates.push(record);
    if (candidates.length === MAX_CANDIDATES) break;
  }
  if (candidates.length > 1) {
    throw new RefusedError('AMBIGUOUS', `more than one token of client ${client} starts with ${prefix}`, {
      why: `it may be ${candidates.map(({ jti }) => jti).join(', ')}`,
      fix: 'give more characters',
    });
  }
  return candidates[0];
}
