/** What the OAuth endpoints share: a small form comes in, and the token is the one thing that it must hold. */
import type { IncomingMessage } from 'node:http';

/** Answers one request. Whatever it throws is a fault. */
export type OAuthEndpoint = (request: Request, incoming: IncomingMessage) => Promise<Response>;

/** Far beyond the longest token in a form. */
const MAX_FORM_BYTES = 16_384;

/** The form's fields; or the answer to a body that is none (RFC 6749 section 5.2). */
export async function readForm(request: Request): Promise<URLSearchParams | Response> {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    return invalidRequest('the body must be application/x-www-form-urlencoded');
  }
  const text = await readText(request);
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
    { status, headers: { 'cache-control': 'no-store' } },
  );
}

async function readText({ headers, body }: Request): Promise<string | undefined> {
  if (Number(headers.get('content-length') ?? 0) > MAX_FORM_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
