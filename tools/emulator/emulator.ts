/** Starts the AWS emulator on a free loopback port and stops it again, with every process it made. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmulatorUnavailable, installEmulator } from './install.ts';

const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 3_000;

/** What a client needs in its environment to talk to the emulator. */
interface EmulatorEnvironment {
  readonly AWS_ENDPOINT_URL: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

export interface Emulator {
  readonly endpoint: string;
  readonly env: EmulatorEnvironment;
  /** Resolves once the emulator and all that it started are gone. */
  stop(): Promise<void>;
}

/** Installs the emulator if needed and starts it. Throws `EmulatorUnavailable` where that is not possible. */
export async function startEmulator(): Promise<Emulator> {
  const python = await installEmulator();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = environmentFor(endpoint);
  const child = spawn(python, [join(import.meta.dirname, 'run.py')], {
    // A group of its own, so that one signal reaches its workers too.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...env,
      // Lambda functions run on the first `node` here: ours.
      PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      HOME: process.env['HOME'] ?? '/nonexistent',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      LOG_LEVEL: 'WARNING',
      MINISTACK_ACCOUNT_ID: '111122223333',
      MINISTACK_REGION: env.AWS_REGION,
    },
  });
  const log = tail(child);
  try {
    await healthy(child, endpoint, log);
  } catch (error) {
    await stopGroup(child);
    throw error;
  }
  return { endpoint, env, stop: () => stopGroup(child) };
}

function environmentFor(endpoint: string): EmulatorEnvironment {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

/** The port is free when this resolves; whoever takes it in between makes the start fail, not hang. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new EmulatorUnavailable('no free port');
  return address.port;
}

/** The end of what the emulator wrote to stderr, for the case that it does not start. */
function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2_000);
  });
  return () => text.trim();
}

async function healthy(child: ChildProcess, endpoint: string, log: () => string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline) {
    if (failure !== undefined || child.exitCode !== null) break;
    try {
      const answer = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(100);
  }
  throw new EmulatorUnavailable(`MiniStack did not start: ${failure?.message ?? log()}`);
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  signalGroup(child.pid, 'SIGTERM');
  await Promise.race([gone, sleep(STOP_TIMEOUT, undefined, { ref: false })]);
  // Also where the leader has ended: a worker of it may still run.
  signalGroup(child.pid, 'SIGKILL');
  await gone;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended.
  }
}
