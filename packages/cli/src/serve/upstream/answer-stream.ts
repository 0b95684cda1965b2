/** Passes an answer of the upstream on: a short one once it is whole, a long one as it comes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { linger } from '../answers.ts';
import { readHead } from './answer-head.ts';
import { MalformedAnswer } from './failures.ts';

export interface Listeners {
  readonly onProgress: () => void;
  /** The answer ended too early, or was not HTTP any more. */
  readonly onBroken: (error: unknown) => void;
}

/** So long and so much the head is held: what breaks within that becomes a 502 instead of half an answer. */
const HELD_MILLIS = 20;
const HELD_BYTES = 16_384;

/** Throws `MalformedAnswer` for a head that cannot be passed on; later trouble goes to `onBroken`. */
export function passOn(answer: IncomingMessage, response: ServerResponse, { onProgress, onBroken }: Listeners): void {
  const head = readHead(answer);
  if (head.status === 101) throw new MalformedAnswer('UNASKED_UPGRADE');
  const held: Buffer[] = [];
  let bytes = 0;
  let broken = false;

  const release = (): void => {
    clearTimeout(timer);
    if (broken || response.headersSent || response.destroyed) return;
    answer.off('data', hold);
    try {
      linger(response);
      response.writeHead(head.status, head.reason, head.headers);
    } catch {
      onBroken(new MalformedAnswer('INVALID_HEADER'));
      return;
    }
    for (const chunk of held) response.write(chunk);
    // A stream of events may begin with silence. An answer that is over is written in one piece.
    if (!answer.complete) response.flushHeaders();
    answer.pipe(response);
  };
  const hold = (chunk: Buffer): void => {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= HELD_BYTES) release();
  };
  // Through the poll phase once more: what has arrived by then counts, however late the timer is.
  const timer = setTimeout(() => setImmediate(release), HELD_MILLIS);
  const stop = (error: unknown): void => {
    broken = true;
    clearTimeout(timer);
    onBroken(error);
  };
  answer
    .on('data', onProgress)
    .on('data', hold)
    .once('end', release)
    .on('error', stop)
    .once('close', () => {
      if (!answer.complete) stop(new MalformedAnswer('BROKEN_OFF'));
    });
}
