/** Takes the one credential out of the `Authorization` header (RFC 6750 section 2.1). */
import { MAX_TOKEN_LENGTH } from '@apikey/shared';

/** A request's headers as its framework has them. */
export type HeaderSource =
  /** Of a Fetch `Request`; repeated headers arrive joined by commas. */
  | { readonly get: (name: string) => string | null }
  /** Names and values in turn, as in node:http's `rawHeaders`. */
  | { readonly rawHeaders: readonly string[] };

const SCHEME = 'bearer';
const SPACE = ' ';
/** The longest header value that is taken apart: scheme, a few spaces, the longest token. */
const MAX_VALUE_LENGTH = SCHEME.length + 16 + MAX_TOKEN_LENGTH;

/** The credential of a request. It is never taken from a query string, a cookie or a form. */
export function readCredential(headers: HeaderSource): string | undefined {
  if ('rawHeaders' in headers) return parseAuthorization(headerValues(headers.rawHeaders, 'authorization'));
  return parseAuthorization(headers.get('authorization') ?? undefined);
}

/**
 * What the request presents as its token: the text behind `Bearer` in the header's value, or in its only value where the
 * header may be repeated. `undefined` = none: no value, an empty one, another scheme.
 *
 * Where the header is repeated, or `Bearer` is followed by anything but spaces and a token, the text returned is one that
 * no token looks like (with a comma, tab or space in it), and is denied as malformed.
 */
export function parseAuthorization(header: string | readonly string[] | undefined): string | undefined {
  const value = typeof header === 'object' ? header.join(',') : header;
  if (value === undefined || value.slice(0, SCHEME.length).toLowerCase() !== SCHEME) {
    return typeof header === 'object' && header.length > 1 ? value : undefined;
  }
  if (value.length === SCHEME.length || value.length > MAX_VALUE_LENGTH) return value.slice(SCHEME.length) || undefined;
  if (value.charAt(SCHEME.length) !== SPACE) return behindOtherSeparator(value);
  let start = SCHEME.length;
  while (value.charAt(start) === SPACE) start += 1;
  return value.slice(start) || undefined;
}

/** `Bearerish x` names another scheme; `Bearer<tab>x` is ours, written wrongly. */
function behindOtherSeparator(value: string): string | undefined {
  const rest = value.slice(SCHEME.length);
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(rest) ? undefined : rest;
}

/** All values of one header of node:http's `rawHeaders`, in the order in which they came. `name` is in lower case. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [present, value] = [rawHeaders[index], rawHeaders[index + 1]];
    // The length first: this runs for each request, and most names are not even as long.
    if (present?.length === name.length && value !== undefined && present.toLowerCase() === name) values.push(value);
  }
  return values;
}
