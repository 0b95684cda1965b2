/** Looks at what the system shows of a running process and all that it starts: arguments and environment. Linux alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import type { Canaries } from './canary.ts';

const EVERY_MILLIS = 10;

export const canWatchProcesses: boolean = platform() === 'linux';

export class ProcessWatch implements Disposable {
  readonly hits: Set<string> = new Set();
  /** How often the process itself was seen. */
  samples = 0;
  readonly #pid: number;
  readonly #canaries: Canaries;
  readonly #ownArguments: boolean;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param ownArguments whether the process was given a token as an argument, by who started it */
  constructor(pid: number, canaries: Canaries, ownArguments: boolean) {
    this.#pid = pid;
    this.#canaries = canaries;
    this.#ownArguments = ownArguments;
    if (!canWatchProcesses) return;
    this.#timer = setInterval(() => this.look(), EVERY_MILLIS);
    this.look();
  }

  look(): void {
    for (const pid of [this.#pid, ...descendants(this.#pid)]) {
      const who = pid === this.#pid ? 'the process' : 'a child';
      const cmdline = read(pid, 'cmdline');
      if (pid === this.#pid && cmdline !== '') this.samples += 1;
      if (pid !== this.#pid || !this.#ownArguments) this.#note(`the arguments of ${who}`, cmdline);
      this.#note(`the environment of ${who}`, read(pid, 'environ'));
    }
  }

  #note(place: string, text: string): void {
    for (const found of this.#canaries.search(text)) this.hits.add(`${place}: ${found}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Any thread may have started a child. */
function descendants(pid: number): number[] {
  const threads = ended(() => readdirSync(`/proc/${pid}/task`), []);
  const children = threads.flatMap((thread) =>
    read(pid, `task/${thread}/children`)
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function read(pid: number, name: string): string {
  return ended(() => readFileSync(`/proc/${pid}/${name}`, 'utf8'), '');
}

/** A process may end while it is looked at. */
function ended<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
