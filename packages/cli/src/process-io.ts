/** The real process behind the `Io` interface. Output bypasses Node's streams, whose writes may still fail after exit. */
import { fstatSync, fsyncSync, writeSync } from 'node:fs';
import type { Io, Output } from './io.ts';

/** A pipe that is full and non-blocking answers EAGAIN; its reader gets this long before the next try. */
const FULL_PIPE_PAUSE_MS = 5;
const FALLBACK_COLUMNS = 80;

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
      return (isTTY ? columns() : undefined) ?? FALLBACK_COLUMNS;
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

function isTryAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
