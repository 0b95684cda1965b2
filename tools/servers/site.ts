/** The site that every server offers, and processes that serve it on loopback until they are disposed of. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf, RESOURCES } from '../../packages/cli/test/request-targets.ts';

export interface Site extends AsyncDisposable {
  readonly url: string;
}

/** A temporary folder with the files of the site in `root`. */
export class SiteFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'apikey-site-'));
  readonly root: string = join(this.path, 'root');

  constructor() {
    for (const resource of RESOURCES) this.write(join('root', resource.path), bodyOf(resource));
  }

  /** Returns the path of the file. */
  write(name: string, text: string): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Files of the sites that are no resources. */
export const SITES: string = join(import.meta.dirname, 'sites');

export function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly port: number;
}

/** Starts a server and waits until its port takes connections. */
export async function launch({ command, args, cwd, env = {}, port }: Launch): Promise<Site> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  };
  for (let attempt = 0; !(await takesConnections(port)); attempt += 1) {
    if (child.exitCode !== null || attempt > 1_200) {
      if (child.exitCode === null) await stop();
      throw new Error(`${command} did not start: ${said}`);
    }
    await sleep(50);
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** All that a server says to one request, which is sent byte for byte as it is given (Latin-1). */
export async function speak(url: string, target: string, fields: readonly string[] = []): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.write(
    [`GET ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...fields, '', ''].join('\r\n'),
    'latin1',
  );
  // A server that waits for the rest of what it takes for half a request has answered nothing.
  socket.setTimeout(5_000, () => socket.destroy());
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString('latin1');
}
