/** A gateway on a free port, its callers, and backends behind it: what the tests of `apikey serve` stand on. */
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { LIMITS } from '../src/serve/server.ts';
import { createGateway, type GatewayOptions } from '../src/serve/gateway.ts';
import { type BuiltCli, type Running } from './built-cli.ts';
import type { Session } from './session.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  /** As it is to stand in the request line. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly token?: string;
  readonly body?: string | Readable;
  readonly agent?: Agent;
}

/** One request, sent as it is described: nothing is normalised, and by default no connection is used twice. */
export async function ask(
  url: string,
  { method = 'GET', path = '/', headers, token, body, agent }: Asking = {},
): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const sent = request({
    hostname,
    port,
    method,
    path,
    agent: agent ?? false,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } as Record<
      string,
      string
    >,
  });
  const answered = once(sent, 'response');
  if (typeof body === 'object') body.pipe(sent);
  else sent.end(body);
  const [answer] = (await answered) as [Readable & { statusCode: number; headers: IncomingHttpHeaders }];
  const text = Buffer.concat(await answer.toArray()).toString();
  return { status: answer.statusCode, headers: answer.headers, body: text };
}

export interface RunningGateway extends AsyncDisposable {
  readonly url: string;
  readonly log: string[];
  readonly notices: string[];
  readonly stop: (deadline?: AbortSignal) => Promise<void>;
}

/** In this process, over the session's environment and by its clock. */
export async function startGateway(session: Session, options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const { dataDir } = session;
  const [log, notices]: [string[], string[]] = [[], []];
  const gateway = createGateway({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    limits: LIMITS,
    status: localStatus({ dataDir }),
    keys: localKeys({ dataDir }),
    usage: undefined,
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
    maxLifetime: 366 * 86_400,
    maxStaleness: { tokens: 0, keys: 0 },
    staleIfError: 0,
    routes: undefined,
    trustProxy: [],
    upstream: undefined,
    introspectClient: undefined,
    openForRevoking: undefined,
    log: 'json',
    writeLog: (text) => log.push(...text.split('\n')),
    notice: (_, text) => notices.push(text),
    now: () => session.now,
    ...options,
  });
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${await gateway.listen()}`;
  let stopping: Promise<void> | undefined;
  const stop = (deadline: AbortSignal = AbortSignal.abort()): Promise<void> => (stopping ??= gateway.stop(deadline));
  return { url, log, notices, stop, [Symbol.asyncDispose]: () => stop() };
}

export interface Backend extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

export async function startBackend(handle: RequestListener): Promise<Backend> {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    [Symbol.asyncDispose]: async () => {
      server.close().closeAllConnections();
    },
  };
}

/** Answers with what it was asked: `{ method, url, headers, bytes }`, headers as lists. */
export const echo: RequestListener = (incoming, response) => {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
  incoming.on('end', () => {
    const { method, url, headersDistinct: headers } = incoming;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, bytes }));
  });
};

export interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly bytes: number;
}

export function echoed({ body }: Reply): Echoed {
  return JSON.parse(body) as Echoed;
}

export interface ServeProcess extends AsyncDisposable {
  readonly url: string;
  readonly running: Running;
  /** What `--json` printed when it listened. */
  readonly started: Readonly<Record<string, unknown>>;
  /** What has come on standard output since. */
  readonly output: () => string;
}

/** The built command as a process of its own. */
export async function startServe(cli: BuiltCli, args: readonly string[] = []): Promise<ServeProcess> {
  const running = cli.start(['serve', '--port', '0', '--json', ...args]);
  let output = '';
  const line = new Promise<string>((resolve, reject) => {
    running.process.stdout?.on('data', (text: string) => {
      output += text;
      if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')));
    });
    running.outcome.then(({ stderr }) => reject(new Error(`apikey serve ended: ${stderr}`)), reject);
  });
  const started = JSON.parse(await line) as { url: string };
  return {
    url: started.url,
    running,
    started,
    output: () => output.slice(output.indexOf('\n') + 1),
    [Symbol.asyncDispose]: async () => {
      running.process.kill('SIGKILL');
      await running.outcome;
    },
  };
}
