/** Opens requests to the upstream, on connections that are kept and used again. */
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';

export interface Connections {
  /**
   * A request with the method, target and headers of `incoming`, of which nothing is sent yet. May throw.
   *
   * @param own on a connection of its own, which is never used again
   */
  readonly open: (incoming: IncomingMessage, own: boolean) => ClientRequest;
  readonly close: () => void;
}

export function connectionsTo(upstream: URL): Connections {
  const https = upstream.protocol === 'https:';
  const agent = quiet(https ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }));
  const send = https ? requestHttps : requestHttp;
  const hostname = upstream.hostname.replaceAll(/^\[|\]$/g, '');
  const port = upstream.port === '' ? (https ? 443 : 80) : Number(upstream.port);
  return {
    open: ({ method, url, headers }, own) =>
      send({
        hostname,
        port,
        method,
        path: url,
        // Certificates and virtual hosts go by name; without TLS the upstream sees the host that the client asked for.
        headers: https ? { ...headers, host: upstream.host } : headers,
        agent: own ? false : agent,
      }),
    close: () => agent.destroy(),
  };
}

/**
 * What an upstream says while nothing was asked is the rest of a malformed answer. Without a listener node:http would drop
 * it and use the connection again, where more of it could pass for the next answer.
 */
function quiet<A extends HttpAgent>(agent: A): A {
  // The types call its result nothing, the documentation a boolean.
  const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (socket) => {
    if (keep(socket) !== true || socket.readableLength > 0) return false;
    socket.on('data', endSpeaker);
    return true;
  };
  agent.reuseSocket = (socket, request) => {
    socket.off('data', endSpeaker);
    reuse(socket, request);
  };
  return agent;
}

function endSpeaker(this: Duplex): void {
  this.destroy();
}
