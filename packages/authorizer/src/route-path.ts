/** The one reading of a request's path that routes are matched with, or none where servers read it differently. */

/** In a decoded path: what a second decoding would turn into a separator, a dot, or yet another encoding. */
const ENCODED_AGAIN = /%2f|%5c|%2e|%25|%00/i;

/** What almost every path looks like: nothing to decode in it, no query, and nothing that servers read differently. */
const PLAIN = /^\/(?:[\w~-]+\/)*[\w~-]*$/;

/**
 * The path without its query, percent-decoded. `undefined` when it does not begin with a slash, or holds encoded slashes,
 * backslashes, dot segments (encoded or not, once or twice), empty segments, control characters or broken encoding.
 */
export function canonicalPath(received: string): string | undefined {
  if (PLAIN.test(received)) return received;
  const path = withoutQuery(received);
  if (!path.startsWith('/')) return undefined;
  const decoded = path.includes('%') ? decode(path) : path;
  return decoded === undefined || isAmbiguous(decoded) ? undefined : decoded;
}

/** Why a route's path cannot be matched, as a predicate for an error's text. */
export function routePathTrouble(path: string): string | undefined {
  if (!path.startsWith('/') && path !== '*') return 'must begin with / (or be * alone)';
  if (path.includes('{') || path.includes('}')) return 'has a {parameter}: write * in its place';
  if (path.includes('%') || path.includes('?') || path.includes('#')) {
    return 'must be a decoded path without a query: no %, ? or #';
  }
  return isAmbiguous(path) ? 'has a backslash, a control character, or an empty or dot segment' : undefined;
}

function withoutQuery(received: string): string {
  const query = received.indexOf('?');
  const fragment = received.indexOf('#');
  const ends = [query, fragment].filter((index) => index !== -1);
  return ends.length === 0 ? received : received.slice(0, Math.min(...ends));
}

function decode(path: string): string | undefined {
  if (/%2f|%5c/i.test(path)) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    // Encoded twice: some server further on will decode it once more.
    return ENCODED_AGAIN.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function isAmbiguous(path: string): boolean {
  if (path.includes('\\') || path.includes('//') || hasControl(path)) return true;
  // Most paths have no dot at all.
  return path.includes('.') && path.split('/').some(isDotSegment);
}

/** Some servers strip `;parameters` from a segment before they resolve it. */
function isDotSegment(segment: string): boolean {
  const [name] = segment.split(';', 1);
  return name === '.' || name === '..';
}

function hasControl(path: string): boolean {
  for (let index = 0; index < path.length; index += 1) {
    const unit = path.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
