/** Reads what a service answered: its members, or an error by the name that the service gave it. */
import type { IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Like the SDK's errors: known by its name, and by the status and headers of the answer that it came in. */
class ServiceError extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $response: { readonly statusCode: number; readonly headers: Answer['headers'] };

  constructor(name: string, message: string, { status, headers }: Answer) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.$response = { statusCode: status, headers };
  }
}

export async function collect(response: IncomingMessage): Promise<Answer> {
  response.setEncoding('utf8');
  let body = '';
  for await (const part of response) body += String(part);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Throws `ServiceError`: `UnknownError` for what no service of AWS would say. */
export function membersOf(answer: Answer): Readonly<Record<string, unknown>> {
  const members = parse(answer);
  if (answer.status === 200) return members;
  // `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, and with a colon and an address behind it elsewhere.
  const type = typeof members['__type'] === 'string' ? members['__type'] : answer.headers['x-amzn-errortype'];
  const name = /^(?:[^#]*#)?([^#:]+)/.exec(String(type ?? ''))?.[1] ?? 'UnknownError';
  const message = members['message'] ?? members['Message'];
  throw new ServiceError(name, typeof message === 'string' ? message : name, answer);
}

function parse(answer: Answer): Readonly<Record<string, unknown>> {
  try {
    const members: unknown = JSON.parse(answer.body);
    if (typeof members === 'object' && members !== null && !Array.isArray(members)) return { ...members };
  } catch {
    // Not JSON at all, and so no more of an answer than JSON of another kind.
  }
  throw new ServiceError('UnknownError', 'the answer is not JSON', answer);
}
