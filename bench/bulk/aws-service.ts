/** A stand-in for an AWS service with a JSON protocol, over HTTP on loopback: each answer takes the time that it is given. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What AWS answers with a status of 400; `members` go into its body. */
export class Refusal extends Error {
  readonly type: string;
  readonly members: object;

  constructor(type: string, message = type, members: object = {}) {
    super(message);
    this.type = type;
    this.members = members;
  }
}

/** Calls by their names; each is made at once, and answered after the latency. */
export type Calls = Readonly<Record<string, (input: never) => object>>;

/** Serves until the process ends, and tells its parent the port. */
export async function serve(calls: Calls, latency: number): Promise<void> {
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    const done = sleep(latency);
    const { status, text, type } = outcomeOf(calls, request, body);
    await done;
    response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': crypto.randomUUID() }).end(text);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the service has no port');
  process.send?.({ port: address.port });
  process.once('disconnect', () => process.exit());
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function outcomeOf(calls: Calls, { headers }: IncomingMessage, body: string): Answer {
  // STS speaks another protocol: a form, answered in XML.
  if (body.startsWith('Action=GetCallerIdentity')) return { status: 200, type: 'text/xml', text: CALLER };
  const name = String(headers['x-amz-target']).replace(/^.*\./, '');
  const type = headers['content-type'] ?? 'application/x-amz-json-1.1';
  try {
    const call = calls[name];
    if (call === undefined) throw new Refusal('UnknownOperationException', `no call ${name}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each call knows its own input
    return { status: 200, type, text: JSON.stringify(call(JSON.parse(body) as never)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: 400,
      type,
      text: JSON.stringify({ __type: error.type, message: error.message, ...error.members }),
    };
  }
}

const CALLER = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/bench</Arn><UserId>AIDABENCH</UserId><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;

async function textOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
