/** The real process behind the `Io` interface. Output bypasses Node's streams, whose writes may still fail after exit. */
import { fstatSync, fsyncSync, statSync, writeSync } from 'node:fs';
import type { Io, Output } from './io.ts';

/** A pipe that is full and non-blocking answers EAGAIN; its reader gets this long before the next try. */
const FULL_PIPE_PAUSE_MS = 5;
/** Devices that take every byte and keep none. */
const DISCARDING = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];
/** Their numbers on Linux (admin-guide/devices.txt: major 1, minors 3, 5, 8 and 9), where `/dev` has none of them. */
const DISCARDING_ON_LINUX = [0x103, 0x105, 0x108, 0x109];

export function processIo(interrupted: AbortSignal): Io {
  return {
    stdin: { isTTY: isTerminal(0), stream: () => process.stdin },
    stdout: fileOutput(1, () => process.stdout.columns),
    stderr: fileOutput(2, () => process.stderr.columns),
    env: process.env,
    cwd: process.cwd(),
    clock: { now: () => Date.now() },
    delay: { wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) },
    interrupted,
  };
}

function fileOutput(fd: number, columns: () => number | undefined): Output {
  const isTTY = isTerminal(fd);
  return {
    isTTY,
    get columns() {
      return (isTTY ? columns() : undefined) ?? 0;
    },
    get discards() {
      return discards(fd);
    },
    write: (text) => writeAll(fd, Buffer.from(text, 'utf8')),
    sync: () => {
      if (fstatSync(fd).isFile()) fsyncSync(fd);
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!isTryAgain(error)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
    }
  }
}

/** Loads `node:tty` (and with it the network code) only where the answer may be yes. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}

/** Asks the device itself: Node opens the null device in the place of a descriptor that was closed (`>&-`). */
function discards(fd: number): boolean {
  const stats = fstatSync(fd);
  if (!stats.isCharacterDevice()) return false;
  if (process.platform === 'win32') return !isTerminal(fd);
  const numbers = process.platform === 'linux' ? [...DISCARDING_ON_LINUX] : [];
  for (const path of DISCARDING) {
    const device = statSync(path, { throwIfNoEntry: false });
    if (device?.isCharacterDevice() === true) numbers.push(device.rdev);
  }
  return numbers.includes(stats.rdev);
}

function isTryAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
