/** What `issue` and `rotate` may both be told of the new token. */
import {
  parseAudience,
  parseDuration,
  parseRequestId,
  parseScopes,
  parseText,
  parseTime,
  type IssueRequest,
} from '@apikey/shared';
import type { FlagValues } from '../command-line/flag-values.ts';
import { parseFlag, parseOptional, parseSigningAlg } from '../command-line/parse-flag.ts';

const MAX_NOTE = 256;

type TokenFlags = Pick<IssueRequest, 'ttl' | 'expiresAt' | 'alg' | 'note' | 'requestId' | 'scopes' | 'audience'>;

/** What a token is for, in a few words. */
export function parseNote(text: string): string {
  return parseText('note', text, MAX_NOTE);
}

/** The flags that are there, parsed; without `--scope` and `--audience` the lists are empty. */
export function parseTokenFlags(flags: FlagValues): TokenFlags {
  const optional = <T>(name: string, key: string, parse: (text: string) => T): T | undefined =>
    parseOptional(name, flags.text(key), parse);
  const ttl = optional('--ttl', 'ttl', parseDuration);
  const expiresAt = optional('--expires', 'expires', parseTime);
  const alg = optional('--alg', 'alg', parseSigningAlg);
  const note = optional('--note', 'note', parseNote);
  const requestId = optional('--request-id', 'requestId', parseRequestId);
  return {
    ...(ttl === undefined ? {} : { ttl }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(alg === undefined ? {} : { alg }),
    ...(note === undefined ? {} : { note }),
    ...(requestId === undefined ? {} : { requestId }),
    scopes: parseScopeFlags(flags),
    audience: flags.texts('audience').map((audience) => parseFlag('--audience', audience, parseAudience)),
  };
}

/** One by one first, so that the error names the one that is wrong. */
export function parseScopeFlags(flags: FlagValues): string[] {
  return parseScopes(
    flags.texts('scope').map((scope) => parseFlag('--scope', scope, (text) => parseScopes([text])).join(' ')),
  );
}
