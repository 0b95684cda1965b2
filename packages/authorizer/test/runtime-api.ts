/** The other side of AWS's runtime client: Lambda's runtime API, which hands out events and takes what becomes of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RIC = join(fileURLToPath(new URL('../../../.cache/ric/node_modules', import.meta.url)), 'aws-lambda-ric');

/** Whether `tools/ric/install.sh` has been run. */
export const RIC_INSTALLED: boolean = existsSync(join(RIC, 'rapid-client.node'));

interface Outcome {
  /** `response` or `error`, as the runtime reported it; `init` if the function did not start. */
  readonly kind: 'response' | 'error' | 'init';
  readonly body: unknown;
}

export interface Runtime extends AsyncDisposable {
  /** Hands out one event and waits for what becomes of it. */
  invoke(event: object): Promise<Outcome>;
  /** What the process wrote to either stream. */
  output(): string;
}

interface Invocation {
  readonly event: object;
  readonly settle: (outcome: Outcome) => void;
}

/** Starts the runtime client for a function in `folder`, `handler` being its file and export as Lambda names them. */
export async function startRuntime(
  folder: string,
  handler: string,
  env: Readonly<Record<string, string>>,
): Promise<Runtime> {
  const waiting: Invocation[] = [];
  let underway: Invocation | undefined;
  let idle: ServerResponse | undefined;
  let failed: Outcome | undefined;
  let count = 0;

  const handOut = (): void => {
    const next = idle === undefined ? undefined : waiting.shift();
    if (next === undefined) return;
    underway = next;
    count += 1;
    idle?.writeHead(200, {
      'Lambda-Runtime-Aws-Request-Id': `request-${count}`,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:111122223333:function:authorizer',
      'Content-Type': 'application/json',
    });
    idle?.end(JSON.stringify(next.event));
    idle = undefined;
  };
  const settle = (outcome: Outcome): void => {
    if (outcome.kind === 'init') {
      failed = outcome;
      for (const { settle: end } of waiting.splice(0)) end(outcome);
    }
    underway?.settle(outcome);
    underway = undefined;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(request);
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      idle = response;
      handOut();
      return;
    }
    response.writeHead(202).end('{}');
    const kind = path.endsWith('/response') ? 'response' : path.endsWith('/init/error') ? 'init' : 'error';
    settle({ kind, body: JSON.parse(body) });
  };
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');

  const child = spawn(process.execPath, ['--expose-gc', join(RIC, 'index.mjs'), handler], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${address.port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'authorizer',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/authorizer',
      AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: handler,
    },
  });
  const written = collect(child);
  child.once('exit', () => settle({ kind: 'init', body: { errorMessage: `the process ended: ${written()}` } }));
  return {
    invoke: (event) =>
      new Promise((resolve) => {
        if (failed !== undefined) {
          resolve(failed);
          return;
        }
        waiting.push({ event, settle: resolve });
        handOut();
      }),
    output: written,
    async [Symbol.asyncDispose]() {
      const gone = child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
      child.kill('SIGKILL');
      server.closeAllConnections();
      await Promise.all([gone, new Promise((resolve) => server.close(resolve))]);
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
