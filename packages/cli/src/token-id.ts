/** The token that a command line names: a whole id, or its first characters. */
import { parseClientId, parseJtiPrefix } from '@apikey/shared';
import { parseFlag, parseOptional } from './command-line/parse-flag.ts';
import { UsageError } from './usage-error.ts';

export interface TokenId {
  readonly jti: string;
  readonly client: string | undefined;
}

export function parseTokenId(jti: string | undefined, client: string | undefined): TokenId {
  const owner = parseOptional('--client', client, parseClientId);
  if (jti === undefined) throw new UsageError('the id of a token is missing', { fix: 'find it with: apikey list' });
  return { jti: parseFlag('jti', jti, parseJtiPrefix), client: owner };
}
