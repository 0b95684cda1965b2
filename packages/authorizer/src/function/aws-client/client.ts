/**
 * The part of an AWS SDK client that the prebuilt function uses: one signed JSON request and its answer. The build puts
 * it in the place of the SDK, of which the function would load all and run little at each cold start.
 */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { defaultProvider } from '../environment-credentials.ts';
import { collect, membersOf, type Answer } from './answer.ts';
import { endpointOf } from './endpoint.ts';
import { signedHeaders } from './signature.ts';

/** Of what `clientSettings` in `@apikey/shared` makes for every client, what matters here. */
export interface Settings {
  readonly region?: string;
  /** Milliseconds. All else that takes long is ended by the signal that each call brings. */
  readonly requestHandler: { readonly connectionTimeout: number };
}

export interface Service {
  readonly name: 'dynamodb' | 'kms';
  /** What the names of its operations follow in `x-amz-target`. */
  readonly target: string;
  readonly contentType: string;
}

/** An operation and its input, as the service's API reference has them. */
export interface Command {
  readonly operation: string;
  readonly input: object;
}

export class JsonClient {
  readonly config: { readonly region: () => Promise<string> };
  /** Of the SDK's steps of a call there are none here that could be taken out. */
  readonly middlewareStack: { readonly removeByTag: () => boolean } = { removeByTag: () => false };
  readonly #service: Service;
  readonly #connectionTimeout: number;
  readonly #credentials = defaultProvider();
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  constructor(service: Service, { region = process.env['AWS_REGION'], requestHandler }: Settings) {
    this.#service = service;
    this.#connectionTimeout = requestHandler.connectionTimeout;
    this.config = {
      region: () => (region ? Promise.resolve(region) : Promise.reject(new Error('Region is missing'))),
    };
  }

  /** Resolves with the answer's members. Rejects like the SDK, with errors that have the service's names for them. */
  async send(
    { operation, input }: Command,
    { abortSignal }: { readonly abortSignal: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>>> {
    const { name: service, target, contentType } = this.#service;
    const [region, credentials] = await Promise.all([this.config.region(), this.#credentials()]);
    const url = endpointOf(service, region, process.env);
    const body = JSON.stringify(input);
    const headers = { 'content-type': contentType, 'x-amz-target': `${target}.${operation}` };
    const signed = await signedHeaders({ service, region, url, headers, body }, credentials);
    return membersOf(await this.#exchange(url, signed, body, abortSignal));
  }

  destroy(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #exchange(url: URL, signed: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = { ...signed, 'user-agent': 'apikey-authorizer', 'content-length': Buffer.byteLength(body) };
    const options = { method: 'POST', headers, signal };
    const request =
      url.protocol === 'http:'
        ? httpRequest(url, { ...options, agent: this.#http })
        : httpsRequest(url, { ...options, agent: this.#https });
    request.once('error', reject);
    request.once('response', (response) => void collect(response).then(resolve, reject));
    limitConnecting(request, this.#connectionTimeout);
    request.end(body);
    return promise;
  }
}

function limitConnecting(request: ClientRequest, milliseconds: number): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      // The SDK's words, by which it is known that nothing was sent.
      const message = `could not establish a connection within ${milliseconds} ms`;
      request.destroy(Object.assign(new Error(message), { name: 'TimeoutError' }));
    }, milliseconds);
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}
