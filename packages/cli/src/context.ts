/** What a command gets besides its own flags. Nothing is read or opened before it asks. */
import type { Settings } from './config/resolve.ts';
import type { Io } from './io.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface Context {
  readonly io: Io;
  readonly terminal: Terminal;
  /** False with `--no-input`. */
  readonly inputAllowed: boolean;
  /** The configuration in force. Throws `CONFIG_INVALID`, `CONFIG_NOT_FOUND` or `ENV_UNKNOWN`. */
  readonly settings: () => Promise<Settings>;
  /** Tells what a later interruption leaves behind, in place of the general words. */
  readonly onInterrupt: (state: Interruptible) => void;
}

export interface Interruptible {
  /** The command finishes what is under way and ends by itself, in place of being left where it is. */
  readonly endsItself?: true;
  readonly why: string;
  readonly fix: string;
}
