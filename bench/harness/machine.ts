/** Where and with what something was measured. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Whole GiB. */
  readonly memory: number;
  readonly os: string;
  readonly node: string;
  readonly openssl: string;
  readonly apikey: string;
  /** What stands beside apikey, by package. */
  readonly peers: Readonly<Record<string, string>>;
}

const PEERS = ['jose', 'fast-jwt', 'jsonwebtoken', 'aws-jwt-verify', 'hono', '@hono/node-server'];
const BENCH = join(import.meta.dirname, '..');

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    os: osName(),
    node: process.versions.node,
    openssl: process.versions.openssl ?? 'none',
    apikey: versionOf(join(BENCH, '..', 'packages', 'cli')),
    peers: Object.fromEntries(PEERS.map((name) => [name, versionOf(join(BENCH, 'node_modules', name))])),
  };
}

/** Read as a file: not every package lets its `package.json` be imported. */
function versionOf(directory: string): string {
  return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version;
}

/** `Linux 6.1.0, Debian GNU/Linux 13`, or less where the system does not say. */
function osName(): string {
  const kernel = `${type()} ${release()}`;
  try {
    const pretty = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return pretty === undefined ? kernel : `${kernel}, ${pretty}`;
  } catch {
    return kernel;
  }
}
