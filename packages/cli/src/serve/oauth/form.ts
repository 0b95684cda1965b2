/** What the OAuth endpoints share: a small form comes in, and the token is the one thing that it must hold. */
import type { IncomingMessage } from 'node:http';

/** Answers one request. Whatever it throws is a fault. */
export type OAuthEndpoint = (request: Request, incoming: IncomingMessage) => Promise<Response>;

/** Far beyond the longest token in a form. */
const MAX_FORM_BYTES = 16_384;
const LATE: unique symbol = Symbol('late');

/**
 * The form's fields; or the answer to a body that is none (RFC 6749 section 5.2).
 *
 * @param timeout milliseconds for the whole body
 */
export async function readForm(request: Request, timeout: number): Promise<URLSearchParams | Response> {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    return invalidRequest('the body must be application/x-www-form-urlencoded');
  }
  const text = await readText(request, timeout);
  if (text === LATE) return invalidRequest('the body did not arrive in time', 408);
  if (text === undefined) return invalidRequest('the body is too long', 413);
  const form = new URLSearchParams(text);
  // RFC 6749 section 3.1: parameters must not be given twice, and empty ones count as absent.
  const twice = [...form.keys()].some((name) => form.getAll(name).length > 1);
  if (twice) return invalidRequest('a parameter was given twice');
  return (form.get('token') ?? '') === '' ? invalidRequest('the parameter token is missing') : form;
}

export function invalidRequest(description: string, status = 400): Response {
  return Response.json(
    { error: 'invalid_request', error_description: description },
    // The rest of a body that was not read is no request.
    { status, headers: { 'cache-control': 'no-store', ...(status === 400 ? {} : { connection: 'close' }) } },
  );
}

async function readText({ headers, body }: Request, timeout: number): Promise<string | typeof LATE | undefined> {
  if (Number(headers.get('content-length') ?? 0) > MAX_FORM_BYTES) return undefined;
  if (body === null) return '';
  const reader = body.getReader();
  const late = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => late.resolve(LATE), timeout);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const part = await Promise.race([reader.read(), late.promise]);
      if (part === LATE) return part;
      if (part.done) return Buffer.concat(chunks).toString('utf8');
      length += part.value.length;
      if (length > MAX_FORM_BYTES) return undefined;
      chunks.push(part.value);
    }
  } finally {
    clearTimeout(timer);
  }
}
