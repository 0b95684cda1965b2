/** An HTTP proxy before an AWS endpoint that breaks chosen calls on the wire, as networks and services do. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

/** One call on its way: the operation of `X-Amz-Target`, such as `GetItem`, and how many of it there have been. */
export interface WireCall {
  readonly operation: string;
  /** 1 for the first. */
  readonly nth: number;
  readonly body: string;
}

export type WireFault =
  /** The service answers this and never sees the call. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** The service does it; the connection breaks before its answer arrives. */
  | { readonly kind: 'lose' }
  /** The connection breaks before the service sees the call. */
  | { readonly kind: 'drop' }
  /** No answer ever, and the service never sees the call. */
  | { readonly kind: 'hang' }
  /** The service does it and its answer is changed. */
  | { readonly kind: 'rewrite'; readonly answer: (body: string) => string; readonly headers?: Record<string, string> };

type Decide = (call: WireCall) => WireFault | undefined | Promise<WireFault | undefined>;

function intact(): undefined {}

export interface FaultProxy {
  readonly endpoint: string;
  /** Decides about every call from now on; counting starts anew. */
  plan(decide: Decide): void;
  /** Operations since the last plan, in order. */
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

/** An error as the JSON protocols of DynamoDB and KMS write it. */
export function awsError(name: string, message = 'a text of the vendor', status = 400, more: object = {}): WireFault {
  return {
    kind: 'answer',
    status,
    body: JSON.stringify({ __type: `com.amazonaws.service#${name}`, message, ...more }),
  };
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let decide: Decide = intact;
  let calls: string[] = [];
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await read(incoming);
    const operation = String(incoming.headers['x-amz-target'] ?? incoming.url).replace(/^.*\./, '');
    calls.push(operation);
    const nth = calls.filter((it) => it === operation).length;
    act(await decide({ operation, nth, body }), target, incoming, body, outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    // Only what decides can fail, and its test has to see that.
    handle(incoming, outgoing).catch((error: unknown) => outgoing.writeHead(501).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    plan: (next) => {
      decide = next;
      calls = [];
    },
    get calls() {
      return calls;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function act(
  fault: WireFault | undefined,
  target: string,
  incoming: IncomingMessage,
  body: string,
  outgoing: ServerResponse,
): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'drop') {
    incoming.socket.destroy();
    return;
  }
  if (fault?.kind === 'answer') {
    outgoing
      .writeHead(fault.status, { 'content-type': 'application/x-amz-json-1.0', ...fault.headers })
      .end(fault.body);
    return;
  }
  const forwarded = request(
    new URL(incoming.url ?? '/', target),
    { method: incoming.method ?? 'POST', headers: incoming.headers },
    (answer) => void pass(fault, answer, incoming, outgoing),
  );
  forwarded.on('error', () => incoming.socket.destroy());
  forwarded.end(body);
}

async function pass(
  fault: WireFault | undefined,
  answer: IncomingMessage,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const text = await read(answer);
  if (fault?.kind === 'lose') {
    incoming.socket.destroy();
    return;
  }
  // Both are about the body as it was.
  const { 'content-length': _length, 'x-amz-crc32': _checksum, ...headers } = answer.headers;
  const rewrite = fault?.kind === 'rewrite' ? fault : undefined;
  outgoing.writeHead(answer.statusCode ?? 502, { ...headers, ...rewrite?.headers });
  outgoing.end(rewrite === undefined ? text : rewrite.answer(text));
}

async function read(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
