/** Events as `@types/aws-lambda` describes them fit the handlers, without a cast. Checked by `tsc -p packages/authorizer`. */
import type {
  APIGatewayAuthorizerHandler,
  APIGatewayAuthorizerResult,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';
import {
  httpAuthorizer,
  restAuthorizer,
  webSocketAuthorizer,
  type Authorizer,
  type HttpAuthorizerEvent,
  type RestAuthorizerEvent,
  type WebSocketAuthorizerEvent,
} from '../src/index.ts';

declare const authorizer: Authorizer;
declare const token: APIGatewayTokenAuthorizerEvent;
declare const request: APIGatewayRequestAuthorizerEvent;
declare const requestV2: APIGatewayRequestAuthorizerEventV2;

export const http: HttpAuthorizerEvent = requestV2;
export const restToken: RestAuthorizerEvent = token;
export const restRequest: RestAuthorizerEvent = request;
export const connect: WebSocketAuthorizerEvent = request;

void httpAuthorizer(authorizer)(requestV2);
void restAuthorizer(authorizer)(token);
void restAuthorizer(authorizer)(request);
void webSocketAuthorizer(authorizer)(request);

export const handler: APIGatewayAuthorizerHandler = restAuthorizer(authorizer);
export const answer: Promise<APIGatewayAuthorizerResult> = restAuthorizer(authorizer)(request);

restAuthorizer(authorizer, { usageIdentifierKey: ({ client }) => `key-of-${client}` });
// @ts-expect-error -- a usage key is a string, always
restAuthorizer(authorizer, { usageIdentifierKey: () => undefined });
// @ts-expect-error -- nobody waits for it
restAuthorizer(authorizer, { usageIdentifierKey: async () => 'key' });
// @ts-expect-error -- the event of a REST API is none of an HTTP API
void httpAuthorizer(authorizer)(token);
