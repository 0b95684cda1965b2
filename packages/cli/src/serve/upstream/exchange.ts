/** One allowed request and its answer, as streams: no body is ever held whole, and every client gets an answer. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hasBody, problem, send } from '../answers.ts';
import { passOn } from './answer-stream.ts';
import type { Connections } from './connections.ts';
import { codeOf, MalformedAnswer, statusOf } from './failures.ts';
import { patience } from './patience.ts';

export interface ExchangeOptions {
  readonly connections: Connections;
  /** Milliseconds without progress after which a request is given up. */
  readonly timeout: number;
  readonly onFailure: (status: 502 | 504, code: string) => void;
  /**
   * The upstream takes another protocol; then the exchange is over, and the connection is this function's. Absent = nobody
   * asked for one. Throws `MalformedAnswer`, before it does anything.
   */
  readonly onUpgrade?: (answer: IncomingMessage, socket: Socket, head: Buffer) => void;
}

/** Without a body, and of no effect however often they are made (RFC 9110 section 9.2.2). */
const REPEATABLE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Sends the request as it stands in `request`. */
export function exchange(options: ExchangeOptions, request: IncomingMessage, response: ServerResponse): void {
  const { connections, timeout, onFailure, onUpgrade } = options;
  const body = hasBody(request);
  let current: ClientRequest | undefined;
  /** The client has its answer, or is gone. */
  let over = false;

  const finish = (): void => {
    over = true;
    if (current === undefined) return;
    request.unpipe(current);
    current.destroy();
  };
  const fail = (error: unknown): void => {
    if (over) return;
    finish();
    // What comes behind a whole answer changes nothing about it.
    if (response.writableEnded) return;
    if (response.headersSent) response.destroy();
    else send(request, response, problem(statusOf(error)));
    onFailure(statusOf(error), codeOf(error));
  };
  const attempt = (): void => {
    const sent = connections.open(request, onUpgrade !== undefined);
    current = sent;
    const limit = patience(sent, timeout);
    let answered = false;
    sent
      .on('error', (error) => {
        if (over || current !== sent) return;
        if (answered || !metClosedConnection(error, sent)) fail(error);
        else guarded(attempt);
      })
      .once('response', (answer) => {
        answered = true;
        limit.renew();
        guarded(() => passOn(answer, response, { onProgress: limit.renew, onBroken: fail }));
      })
      .once('upgrade', (answer, socket, head) => {
        socket.on('error', () => socket.destroy());
        try {
          if (over || onUpgrade === undefined) throw new MalformedAnswer('UNASKED_UPGRADE');
          onUpgrade(answer, socket, head);
          over = true;
        } catch (error) {
          socket.destroy();
          fail(error);
        }
      })
      .once('close', () => {
        limit.end();
        if (!answered && current === sent) fail(new MalformedAnswer('NO_ANSWER'));
      });
    if (body) request.on('data', limit.renew).pipe(sent);
    else sent.end();
  };
  const guarded = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      fail(error);
    }
  };
  /**
   * Whether the upstream closed an idle connection just when it was to be used again. Each time takes one connection out
   * of the pool, so that the last try is made on a new one.
   */
  const metClosedConnection = (error: Error, sent: ClientRequest): boolean =>
    !body && REPEATABLE.has(request.method) && codeOf(error) === 'ECONNRESET' && sent.reusedSocket;

  response.once('close', finish);
  guarded(attempt);
}
