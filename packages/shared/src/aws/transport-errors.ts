/** Errors below HTTP: nobody there, nobody trusted, or no answer. */
import { UnavailableError, type WriteOutcome } from '../ports/errors.ts';
import type { VendorError } from './vendor-error.ts';

/** Nothing has been sent when these occur. */
const UNSENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ERR_INVALID_URL',
  'ERR_INVALID_PROTOCOL',
  // A TLS handshake with something that speaks no TLS.
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether the request surely never reached the service. */
export function isUnsent({ code, name, message }: VendorError): boolean {
  if (code !== undefined && UNSENT_CODES.has(code)) return true;
  // The HTTP handler has one name for both of its timeouts.
  return name === 'TimeoutError' && message.includes('establish a connection');
}

interface Unreached {
  readonly vendor: VendorError;
  readonly action: string;
  readonly region: string | undefined;
  readonly outcome: WriteOutcome;
  readonly cause: unknown;
}

export function unreachable({ vendor, action, region, outcome, cause }: Unreached): UnavailableError {
  const who = vendor.peer ?? `${action.split(':')[0] ?? 'AWS'}${region === undefined ? '' : ` in ${region}`}`;
  return new UnavailableError('AWS cannot be reached', {
    why: `no answer from ${who} (${vendor.code ?? vendor.name}, ${action})`,
    fix: 'check the network, the Region, AWS_ENDPOINT_URL and any proxy, then try again',
    outcome,
    cause,
  });
}
