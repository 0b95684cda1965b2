/** What the gateways send to an authorizer: those members that are read here, after the AWS developer guides. */

/** Of a REST API's `TOKEN` authorizer. */
export interface RestTokenEvent {
  readonly type: 'TOKEN';
  readonly methodArn: string;
  /** The whole value of the header that is the identity source. */
  readonly authorizationToken: string;
}

/** Headers and addresses as REST APIs, WebSocket APIs and payload format 1.0 of HTTP APIs write them. */
interface RequestEvent {
  readonly type: 'REQUEST';
  readonly methodArn: string;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly requestContext?: { readonly identity?: { readonly sourceIp?: string | null } };
}

/** Of a REST API's `REQUEST` authorizer. */
export interface RestRequestEvent extends RequestEvent {}

export type RestAuthorizerEvent = RestTokenEvent | RestRequestEvent;

/** Of an HTTP API with payload format 1.0. */
export interface HttpAuthorizerEventV1 extends RequestEvent {
  readonly version: '1.0';
  /** The values of all identity sources, joined by commas. */
  readonly identitySource?: string | null;
}

/** Of an HTTP API with payload format 2.0. */
export interface HttpAuthorizerEventV2 {
  /** `2.0`. A type of its own would keep out events that other packages describe. */
  readonly version: string;
  readonly type: 'REQUEST';
  readonly routeArn: string;
  readonly routeKey: string;
  /** With the stage in front, unless that is `$default`. */
  readonly rawPath: string;
  /** The values of the identity sources, in the order of the authorizer's configuration. */
  readonly identitySource?: readonly string[] | null;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly requestContext: {
    readonly stage: string;
    readonly http: { readonly method: string; readonly sourceIp: string };
  };
}

export type HttpAuthorizerEvent = HttpAuthorizerEventV1 | HttpAuthorizerEventV2;

/** Of a WebSocket API, for its `$connect` route. */
export interface WebSocketAuthorizerEvent extends RequestEvent {}

/** Of AppSync, for a GraphQL request. */
export interface AppSyncGraphqlAuthorizerEvent {
  /** The whole `Authorization` header. */
  readonly authorizationToken: string;
  readonly requestContext: { readonly apiId: string; readonly queryString?: string };
}

/** Of AppSync, for a connection to an Event API or a use of its channels. */
export interface AppSyncEventsAuthorizerEvent {
  readonly authorizationToken: string;
  readonly requestContext: {
    readonly apiId: string;
    readonly operation: 'EVENT_CONNECT' | 'EVENT_PUBLISH' | 'EVENT_SUBSCRIBE';
    /** Both absent or null for a connection. */
    readonly channelNamespaceName?: string | null;
    readonly channel?: string | null;
  };
}

export type AppSyncAuthorizerEvent = AppSyncGraphqlAuthorizerEvent | AppSyncEventsAuthorizerEvent;
