/** Gives a request to the upstream up when it makes no progress, or when nobody takes the connection. */
import type { ClientRequest } from 'node:http';
import { UpstreamTimeout } from './failures.ts';

/** To find that nobody listens takes no longer, wherever the upstream is. */
const CONNECT_TIMEOUT_MILLIS = 5_000;

export interface Patience {
  /** A part of either body moved, or the head of the answer is here: the time begins anew. */
  readonly renew: () => void;
  readonly end: () => void;
}

/**
 * Counts progress, not bytes: an upstream that goes on sending informational answers, or its head byte by byte, is given up
 * like a silent one.
 */
export function patience(sent: ClientRequest, timeout: number): Patience {
  const giveUp = (): void => void sent.destroy(new UpstreamTimeout('the upstream did not answer in time'));
  let renewals = 0;
  // Through the poll phase once more: what has arrived by then counts, however late the timer is.
  const timer = setTimeout(() => {
    const before = renewals;
    setImmediate(() => {
      if (renewals === before) giveUp();
    });
  }, timeout);
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const connecting = setTimeout(giveUp, Math.min(timeout, CONNECT_TIMEOUT_MILLIS));
    const connected = (): void => clearTimeout(connecting);
    socket.once('connect', connected).once('close', connected);
  });
  return {
    renew: () => {
      renewals += 1;
      timer.refresh();
    },
    end: () => {
      renewals += 1;
      clearTimeout(timer);
    },
  };
}
