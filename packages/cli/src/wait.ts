/** Waits for people: with a countdown where somebody looks on, with one plain line where nobody does. */
import type { Context } from './context.ts';
import { isInteractive } from './terminal/confirm.ts';

const SECOND = 1_000;

/** @param what what is waited for: `until the key may sign` */
export async function wait(
  seconds: number,
  what: string,
  { io, terminal, inputAllowed }: Pick<Context, 'io' | 'terminal' | 'inputAllowed'>,
): Promise<void> {
  const end = io.clock.now() + seconds * SECOND;
  const shown = isInteractive(io, terminal, inputAllowed);
  if (!shown && seconds > 0) terminal.say(`Waiting ${clock(seconds)} ${what}`);
  for (let left = end - io.clock.now(); left > 0; left = end - io.clock.now()) {
    if (shown) terminal.status(`${clock(Math.ceil(left / SECOND))} ${what}`);
    // Up to the next full second, so that the countdown skips none.
    await io.delay.wait(Math.min(left, left % SECOND === 0 ? SECOND : left % SECOND));
  }
}

/** `9:59`, in minutes and seconds. */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
