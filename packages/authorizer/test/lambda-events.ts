/** Events as the AWS developer guides show them, for the faces of Lambda authorizers. */
import type {
  AppSyncAuthorizerEvent,
  AppSyncEventsAuthorizerEvent,
  HttpAuthorizerEventV1,
  HttpAuthorizerEventV2,
  RestRequestEvent,
  RestTokenEvent,
  WebSocketAuthorizerEvent,
} from '../src/index.ts';

export const API = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234';
export const BASE: string = `${API}/prod`;
export const ADDRESS = '192.0.2.10';

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function tokenEvent(token: string, { method = 'GET', path = '/plans/1' }: Asked = {}): RestTokenEvent {
  return { type: 'TOKEN', methodArn: `${BASE}/${method}${path}`, authorizationToken: `Bearer ${token}` };
}

export function requestEvent(token: string, asked: Asked = {}): RestRequestEvent {
  const { method = 'GET', path = '/plans/1', address = ADDRESS, headers = {} } = asked;
  const all = { Accept: '*/*', Authorization: `Bearer ${token}`, 'X-Forwarded-For': address, ...headers };
  const event = {
    resource: path,
    path,
    httpMethod: method,
    headers: all,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    queryStringParameters: {},
    pathParameters: {},
    stageVariables: {},
    requestContext: {
      path,
      accountId: '123456789012',
      resourceId: '05c7jb',
      stage: 'prod',
      requestId: '0f8ac9ff',
      identity: { apiKey: null, sourceIp: address },
      resourcePath: path,
      httpMethod: method,
      apiId: 'abcdef1234',
    },
  };
  return { ...event, type: 'REQUEST', methodArn: `${BASE}/${method}${path}` };
}

export function httpEventV1(token: string, asked: Asked & { sources?: string } = {}): HttpAuthorizerEventV1 {
  const { sources = `Bearer ${token}`, ...rest } = asked;
  const event = { ...requestEvent(token, rest), authorizationToken: sources };
  return { ...event, version: '1.0', identitySource: sources };
}

export interface HttpAsked extends Asked {
  readonly routeKey?: string;
  readonly stage?: string;
  /** Behind the token. */
  readonly sources?: readonly string[];
}

export function httpEventV2(token: string, asked: HttpAsked = {}): HttpAuthorizerEventV2 {
  const { method = 'GET', path = '/plans/1', address = ADDRESS, headers = {}, stage = '$default' } = asked;
  const { routeKey = `${method} ${path}`, sources = [routeKey] } = asked;
  const rawPath = stage === '$default' ? path : `/${stage}${path}`;
  const event = {
    rawQueryString: '',
    cookies: [],
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address, ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdef1234',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: address, userAgent: 'agent' },
      requestId: 'id',
      routeKey,
      stage,
      time: '12/Mar/2020:19:03:58 +0000',
      timeEpoch: 1_583_348_638_390,
    },
  };
  return {
    ...event,
    version: '2.0',
    type: 'REQUEST',
    routeArn: `${API}/${stage}/${method}${path}`,
    identitySource: [`Bearer ${token}`, ...sources],
    routeKey,
    rawPath,
  };
}

export function connectEvent(token: string, asked: Pick<Asked, 'address' | 'headers'> = {}): WebSocketAuthorizerEvent {
  const { address = ADDRESS, headers = {} } = asked;
  const all = { Connection: 'upgrade', Authorization: `Bearer ${token}`, ...headers };
  const requestContext = {
    routeKey: '$connect',
    eventType: 'CONNECT',
    messageDirection: 'IN',
    stage: 'prod',
    connectionId: 'E-9y4dcGIAMCJgg=',
    apiId: 'abcdef1234',
    identity: { sourceIp: address },
  };
  return { type: 'REQUEST', methodArn: `${BASE}/$connect`, headers: all, multiValueHeaders: {}, requestContext };
}

export function graphqlEvent(authorizationToken: string): AppSyncAuthorizerEvent {
  const requestContext = {
    apiId: 'giy7kumfmvcqvbedntjwjvagii',
    accountId: '123456789012',
    requestId: 'b80ed838',
    queryString: 'query MyQuery { plan(id: "1") { id } }',
    operationName: 'MyQuery',
    variables: {},
  };
  return { authorizationToken, requestContext };
}

export type EventOperation = AppSyncEventsAuthorizerEvent['requestContext']['operation'];

/** Of an Event API: a connection where no channel is given. */
export function channelEvent(
  authorizationToken: string,
  operation: EventOperation,
  channel?: string,
): AppSyncEventsAuthorizerEvent {
  const requestContext = {
    apiId: 'm2ydrqh3zzgb3ktwyjyzzqbcli',
    accountId: '123456789012',
    requestId: '770caa4a',
    operation,
    channelNamespaceName: channel?.split('/').find((segment) => segment !== '') ?? null,
    channel: channel ?? null,
  };
  const requestHeaders = { host: 'm2yd.appsync-api.us-east-1.amazonaws.com', authorization: authorizationToken };
  const event = { authorizationToken, requestContext, requestHeaders };
  return event;
}
