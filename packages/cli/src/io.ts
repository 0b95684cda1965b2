/** The outside of the process as plain values, so that the whole program also runs inside a test. */
import type { Readable } from 'node:stream';
import type { Clock, Delay } from '@apikey/shared';

/** Where text or a token goes. Writes are complete, or have failed, when the call returns. */
export interface Output {
  readonly isTTY: boolean;
  /** Width in characters; 0 where it is not known. */
  readonly columns: number;
  /** Whether it takes everything and keeps nothing, as the null device does. */
  readonly discards: boolean;
  /** Writes every byte, or throws the system's error (`EPIPE`, `ENOSPC`, ...). */
  write(text: string): void;
  /** Forces a regular file to disk; for pipes and terminals there is nothing to do. */
  sync(): void;
}

interface Input {
  readonly isTTY: boolean;
  /** Opened on first use: a command that reads nothing never touches standard input. */
  stream(): Readable;
}

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Waits; in tests time may pass at once. */
  readonly delay: Delay;
  /** Aborted by the first SIGINT. */
  readonly interrupted: AbortSignal;
}
