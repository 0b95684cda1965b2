/** Calls the deployed APIs over HTTP, as any client of theirs would. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from './deploy.ts';

export const KINDS = ['REST', 'HTTP'] as const;
export type Kind = (typeof KINDS)[number];

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** What the authorizer passed on to the backend, for a request that reached it. */
  readonly seen: Readonly<Record<string, unknown>>;
}

export interface Ask {
  readonly token?: string | undefined;
  readonly method?: string;
  readonly path?: string;
}

export type Gateway = (kind: Kind, ask: Ask) => Promise<Reply>;

const TIMEOUT = 30_000;
/** Milliseconds between one try and the next. */
const PAUSES = [200, 500, 1_000];

/** The gateway of a deployment: which API is called is told by the `Host` header, as `fetch` would not send it. */
export function gatewayOf(endpoint: string, { restApi, httpApi }: Deployment): Gateway {
  const { port } = new URL(endpoint);
  return (kind, { token, method = 'GET', path = '/whoami' }) => {
    const host = `${kind === 'REST' ? restApi : httpApi}.execute-api.localhost:${port}`;
    return send({
      port,
      method,
      path: kind === 'REST' ? `/v1${path}` : path,
      headers: { host, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
  };
}

/**
 * As clients of APIs do, asks again after a 500. On a busy machine the registry may take longer than the second and a half
 * that the authorizer gives it, and then nothing is decided; cases about faults do not go through here.
 */
export function patient(gateway: Gateway, onFault: () => void): Gateway {
  return async (kind, ask) => {
    for (const pause of PAUSES) {
      const reply = await gateway(kind, ask);
      if (reply.status !== 500) return reply;
      onFault();
      await sleep(pause);
    }
    return gateway(kind, ask);
  };
}

function send(options: {
  readonly port: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', ...options, timeout: TIMEOUT }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('error', reject).on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body,
          seen: seenIn(answer.statusCode, body),
        });
      });
    });
    outgoing.on('error', reject).on('timeout', () => outgoing.destroy(new Error('the gateway did not answer')));
    outgoing.end();
  });
}

function seenIn(status: number | undefined, body: string): Reply['seen'] {
  return status === 200 ? Object(JSON.parse(body)) : {};
}
