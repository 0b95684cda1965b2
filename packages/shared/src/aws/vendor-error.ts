/** Reads what the AWS SDK throws, which is known by names and codes and not by classes. */

/** Facts about an error of the SDK, of its HTTP handler or of its credential providers. */
export interface VendorError {
  /** `AccessDeniedException`, `TimeoutError`, ...: letters, digits, dots and underscores only. */
  readonly name: string;
  /** Selects between causes that share a name; never shown. */
  readonly message: string;
  /** `ECONNREFUSED` and its like. */
  readonly code: string | undefined;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Who was not answered: `127.0.0.1:8000`, or a host name. */
  readonly peer: string | undefined;
  /** The ARN that AWS says has called. */
  readonly caller: string | undefined;
  /** The IAM action that AWS says is not allowed: for a transaction, another than the call's. */
  readonly deniedAction: string | undefined;
}

export function readVendorError(error: unknown): VendorError {
  const name = text(error, 'name') ?? '';
  const message = text(error, 'message') ?? '';
  const metadata = member(error, '$metadata');
  const status = member(metadata, 'httpStatusCode') ?? member(member(error, '$response'), 'statusCode');
  return {
    name: /^[\w.]{1,80}$/.test(name) ? name : 'Error',
    message,
    code: text(error, 'code') ?? text(error, 'errno'),
    status: typeof status === 'number' ? status : undefined,
    peer: peerOf(error),
    // The only parts of an AWS text that are shown: they say who needs which permission.
    caller: /\b(arn:aws[\w-]*:(?:sts|iam)::\d{12}:[\w+=,.@/-]+)/.exec(message)?.[1],
    deniedAction: /\bto perform: ([a-z0-9-]{2,20}:[A-Za-z]{2,60})\b/.exec(message)?.[1],
  };
}

function peerOf(error: unknown): string | undefined {
  const [first] = list(error, 'errors');
  const source = text(error, 'address') === undefined ? (first ?? error) : error;
  const host = text(source, 'address') ?? text(error, 'hostname');
  const port = member(source, 'port');
  if (host === undefined || !/^[\w.:-]{1,255}$/.test(host)) return undefined;
  return typeof port === 'number' ? `${host}:${port}` : host;
}

/** A member of anything that has members. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function list(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

export function text(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' ? found : undefined;
}
