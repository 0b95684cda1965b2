/** The grammar of request targets: which are judged at all, as what path, and in which spelling they are passed on. */
import { foldPath } from './path-readings.ts';

/** What almost every path looks like: no query, nothing to decode, and nothing to check further. */
const PLAIN = /^\/(?:[\w~-]+\/)*[\w~-]*$/;
/** All but RFC 3986's `pchar`, `/` and `?`, and `[ ] |`, which clients send unencoded. */
const NEVER_RAW = /[^\w.~!$&'()*+,;=:@/?%[\]|-]/;
const BROKEN_ENCODING = /%(?![0-9a-f]{2})/i;
/**
 * What has another spelling (letters, digits, `-`, `.`, `_`), or would be something else for a server that decodes first or
 * decodes twice (`/`, `\`, `?`, `#`, `%`, controls). `%7E` is allowed: old clients encode the tilde.
 */
const NEVER_ENCODED = /%(?:[01][0-9a-f]|2[35d-f]|3[0-9f]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9af])/i;

/** A segment that ends in a dot or a space, alone or before its `;parameters`. Dot segments are among them. */
const DOT_OR_SPACE_LAST = /[.\s](?:\/|$)|\/[^;/]*[.\s];/;
/** An empty segment before the last one, and one that consists of parameters. */
const EMPTY_SEGMENT = /\/\/|\/;/;
/** NTFS reads `name::$DATA` as `name`, and `folder:$I30:$INDEX_ALLOCATION` as `folder`. */
const NTFS_STREAM = /:(?:\$i30)?:\$/i;
const MADE_BY_NFKC = /[./\\;%?#]/;
const CONTROL = /\\|\p{Cc}/u;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * The decoded path of a request target, without its query: the one reading that all faces judge by. `undefined` where the
 * target is outside the grammar in docs/authorizer.md: servers differ on what such a target names.
 */
export function canonicalPath(received: string): string | undefined {
  if (PLAIN.test(received)) return received;
  if (!received.startsWith('/') || NEVER_RAW.test(received) || BROKEN_ENCODING.test(received)) return undefined;
  const written = withoutQuery(received);
  if (PLAIN.test(written)) return written;
  const path = written.includes('%') ? decode(written) : written;
  return path === undefined || pathTrouble(path) !== undefined ? undefined : path;
}

/**
 * The target to send to a server for a request that was judged by `canonicalPath`: the same path in its one spelling, and
 * the query byte for byte. Reserved characters stay raw or encoded, as they came: `;` and `%3B` are two things to a server.
 */
export function canonicalTarget(received: string): string | undefined {
  if (canonicalPath(received) === undefined) return undefined;
  const written = withoutQuery(received);
  return spell(written) + received.slice(written.length);
}

/** Why a route's path cannot be matched, as a predicate for an error's text. */
export function routePathTrouble(path: string): string | undefined {
  if (!path.startsWith('/') && path !== '*') return 'must begin with / (or be * alone)';
  if (path.includes('{') || path.includes('}')) return 'has a {parameter}: write * in its place';
  if (/[%?#]/.test(path)) return 'must be a decoded path without a query: no %, ? or #';
  // Of a target's path, the grammar has refused most of these before it was decoded.
  return CONTROL.test(path) ? 'has a backslash or a control character' : pathTrouble(path);
}

function withoutQuery(received: string): string {
  const mark = received.indexOf('?');
  return mark === -1 ? received : received.slice(0, mark);
}

/** Fails for what is not UTF-8. */
function decode(written: string): string | undefined {
  if (NEVER_ENCODED.test(written)) return undefined;
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}

function spell(written: string): string {
  if (PLAIN.test(written)) return written;
  return written
    .replaceAll(/%[0-9a-f]{2}/gi, (encoded) => (/%7e/i.test(encoded) ? '~' : encoded.toUpperCase()))
    .replaceAll(/[[\]|]/g, encodeURIComponent);
}

/** Why servers may differ on a decoded path, as a predicate. */
function pathTrouble(path: string): string | undefined {
  if (!NOT_ASCII.test(path)) return segmentTrouble(path);
  if (CONTROL.test(path)) return 'has a control character';
  // Servers and file systems that normalize Unicode: what that makes of the path is held to the same rules.
  const made = path.replaceAll(/[\0-\x7f]+/g, '').normalize('NFKC');
  if (MADE_BY_NFKC.test(made)) return 'has a character that Unicode makes one of . / \\ ; % ? # of';
  const folded = foldPath(path, true);
  if (folded.endsWith('/') && !path.endsWith('/')) return 'has a segment of which Unicode makes an empty one';
  return segmentTrouble(path) ?? segmentTrouble(folded);
}

function segmentTrouble(path: string): string | undefined {
  if (EMPTY_SEGMENT.test(path)) return 'has an empty segment';
  if (DOT_OR_SPACE_LAST.test(path)) return 'has a segment that ends in a dot or a space, as dot segments do';
  return NTFS_STREAM.test(path) ? 'names a stream of a file, as ::$DATA does' : undefined;
}
