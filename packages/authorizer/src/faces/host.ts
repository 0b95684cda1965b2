/** What a request may say about the host that it is for. */
import { headerValues } from '../credential.ts';

/** RFC 3986 section 3.2.2, with a port. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\w.~!$&'()*+,;=:%-]+\])(?::\d{0,5})?$/;

/**
 * Whether the request names one host at most, and nothing else under that name. Handlers put the host and the target
 * together and take the result apart: of `x/admin?` as a host they would take the path.
 *
 * @param rawHeaders names and values in turn, as node:http and node:http2 have them
 */
export function hasPlainHost(rawHeaders: readonly string[]): boolean {
  return ['host', ':authority'].every((name) => {
    const [host, ...more] = headerValues(rawHeaders, name);
    return more.length === 0 && (host === undefined || HOST.test(host));
  });
}
