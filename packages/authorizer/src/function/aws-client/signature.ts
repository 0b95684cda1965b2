/** Signs requests as AWS wants it, with the SDK's own signer: Signature Version 4, for a POST to the root of a service. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials } from '../environment-credentials.ts';

export interface Unsigned {
  readonly service: string;
  readonly region: string;
  readonly url: URL;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers with which the request may be sent, the signature and all that it covers among them. */
export async function signedHeaders(
  { service, region, url, headers, body }: Unsigned,
  credentials: Credentials,
): Promise<Readonly<Record<string, string>>> {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });
  const { protocol, hostname } = url;
  const request = { method: 'POST', protocol, hostname, path: '/', body };
  return (await signer.sign({ ...request, headers: { ...headers, host: url.host } })).headers;
}

/** Node's SHA-256, or its HMAC under a secret, in the form in which the signer asks for one. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new TypeError('a hash is taken once');
  }
}

function keyOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}
