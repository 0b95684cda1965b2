/** Scopes as RFC 6749 section 3.3 defines them: case-sensitive tokens, joined by single spaces, order without meaning. */
import { InvalidValueError } from './errors.ts';
import type { Client } from './records.ts';

const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/;
/** So many scopes of ordinary length fit a header that every gateway takes. */
export const MAX_SCOPES = 64;

/**
 * Parses scopes as given on a command line or in a file, each text one scope or several separated by spaces, into
 * a sorted list without repeats. Throws `INVALID_SCOPE`.
 */
export function parseScopes(texts: readonly string[]): string[] {
  const scopes = new Set<string>();
  for (const text of texts) {
    for (const scope of text.split(' ')) {
      if (!SCOPE_TOKEN.test(scope)) {
        throw new InvalidValueError('INVALID_SCOPE', 'this is not a scope', {
          why: 'a scope has 1 to 128 printable ASCII characters, without space, quote or backslash (RFC 6749)',
          fix: 'give scopes like plans:read, one for each --scope',
        });
      }
      scopes.add(scope);
    }
  }
  if (scopes.size > MAX_SCOPES) {
    throw new InvalidValueError('INVALID_SCOPE', `a token has at most ${MAX_SCOPES} scopes`, {
      why: `${scopes.size} were given`,
      fix: 'grant a broader scope, or issue several tokens',
    });
  }
  return [...scopes].toSorted();
}

/** The `scope` claim's text as a list; empty for an absent or empty claim. */
export function splitScope(scope: string | undefined): string[] {
  return scope === undefined || scope === '' ? [] : scope.split(' ');
}

/** What a token may use: its own scopes, narrowed by its client's where that has any. */
export function effectiveScopes(tokenScopes: readonly string[], client: Pick<Client, 'scopes'>): readonly string[] {
  const allowed = client.scopes;
  return allowed === undefined ? tokenScopes : tokenScopes.filter((scope) => allowed.includes(scope));
}

/** Whether every required scope was granted. */
export function coversScopes(granted: readonly string[], required: readonly string[]): boolean {
  // A loop: both lists are mostly frozen, and on those V8 takes seven times as long for `every`.
  for (const scope of required) if (!granted.includes(scope)) return false;
  return true;
}
