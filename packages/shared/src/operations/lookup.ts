/** Finds the token record that an admin means. */
import { RefusedError } from '../domain/errors.ts';
import { isJti, parseJtiPrefix } from '../domain/identifiers.ts';
import type { TokenRecord } from '../domain/records.ts';
import { NotFoundError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';

/** How many candidates an ambiguous prefix lists. */
const MAX_CANDIDATES = 10;

/**
 * The record named by a whole `jti` or by its first characters (at least 6), of one client or of all. Throws
 * `TOKEN_NOT_FOUND`, `AMBIGUOUS` with the candidates, or `INVALID_JTI`.
 */
export async function findTokenRecord(registry: Registry, text: string, client?: string): Promise<TokenRecord> {
  const prefix = parseJtiPrefix(text);
  const record = isJti(prefix)
    ? await (client === undefined ? registry.findToken(prefix) : registry.getToken(client, prefix))
    : onlyOne(prefix, client, await candidates(registry, prefix, client));
  if (record !== undefined) return record;
  throw new NotFoundError('TOKEN_NOT_FOUND', 'no such token', {
    why: client === undefined ? `the registry has no token ${text}` : `client ${client} has no token ${text}`,
    fix: `look for it with: apikey list --all${client === undefined ? '' : ` --client ${client}`}`,
  });
}

async function candidates(
  registry: Registry,
  prefix: string,
  client: string | undefined,
): Promise<readonly TokenRecord[]> {
  if (client === undefined) return registry.findTokens(prefix, MAX_CANDIDATES);
  const found: TokenRecord[] = [];
  for await (const record of registry.tokensOfClient(client, { prefix })) {
    found.push(record);
    if (found.length === MAX_CANDIDATES) break;
  }
  return found;
}

function onlyOne(prefix: string, client: string | undefined, found: readonly TokenRecord[]): TokenRecord | undefined {
  if (found.length < 2) return found[0];
  const name = ({ jti, client: owner }: TokenRecord): string => (client === undefined ? `${jti} of ${owner}` : jti);
  throw new RefusedError(
    'AMBIGUOUS',
    `more than one token${client === undefined ? '' : ` of client ${client}`} starts with ${prefix}`,
    {
      why: `it may be ${found.map(name).join(', ')}`,
      fix: 'give more characters',
    },
  );
}
