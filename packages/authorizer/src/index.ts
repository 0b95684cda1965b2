/** Decides who gets in: an authorizer for apikey tokens, its faces for HTTP servers, and the pieces that others test with. */
export { createAuthorizer, type Authorizer } from './authorizer.ts';
export type { AuthorizerOptions } from './options.ts';
export type { UsageOutcome } from './usage-tracker.ts';
export type { AuthorizerClock } from './clock.ts';
export {
  PUBLIC_ACCESS,
  type Allowed,
  type AuthorizeRequest,
  type CacheUse,
  type Decision,
  type DecisionReport,
  type Denied,
  type LiveToken,
  type PublicAccess,
} from './decision.ts';
export { canonicalTarget } from './route-path.ts';
export { AuthorizerConfigError } from './config-error.ts';
export { AuthorizerFault, FAULTS, type FaultCode } from './fault.ts';
export { REFUSALS, type Refusal } from './refusal.ts';
export type { RegistryProblem } from './registry-answers.ts';
export {
  compileRoutes,
  matchRoutes,
  partRoutes,
  routesAllow,
  type CompiledRoute,
  type CompileOptions,
  type PublicRoute,
  type Route,
  type RouteTable,
  type ScopedRoute,
} from './routes.ts';
export { headerValues, parseAuthorization, readCredential, type HeaderSource } from './credential.ts';
export { answerDenied, answerFault, type Answer } from './faces/answers.ts';
export { hasPlainHost } from './faces/host.ts';
export {
  clientAddress,
  isTrustedProxy,
  parseTrustedProxies,
  peerAddress,
  UNIX_PEER,
  type PeerSocket,
} from './faces/source-address.ts';
export {
  fetchMiddleware,
  type FetchMiddleware,
  type FetchMiddlewareOptions,
  type FetchRequestInfo,
} from './faces/fetch.ts';
export {
  getDecision,
  nodeMiddleware,
  type AuthorizedRequest,
  type NodeMiddleware,
  type NodeMiddlewareOptions,
  type NodeRequest,
} from './faces/node.ts';
export {
  appSyncAuthorizer,
  type AppSyncAnswer,
  type AppSyncAuthorizerHandler,
  type AppSyncAuthorizerOptions,
  type FieldRule,
} from './lambda/appsync.ts';
export type { ChannelRule } from './lambda/channels.ts';
export type { AnswerContext, UsageIdentifierKey } from './lambda/answer-context.ts';
export type {
  AppSyncAuthorizerEvent,
  AppSyncEventsAuthorizerEvent,
  AppSyncGraphqlAuthorizerEvent,
  HttpAuthorizerEvent,
  HttpAuthorizerEventV1,
  HttpAuthorizerEventV2,
  RestAuthorizerEvent,
  RestRequestEvent,
  RestTokenEvent,
  WebSocketAuthorizerEvent,
} from './lambda/events.ts';
export {
  httpAuthorizer,
  type HttpAuthorizerHandler,
  type HttpAuthorizerOptions,
  type SimpleAnswer,
} from './lambda/http.ts';
export type { PolicyDocument, PolicyStatement } from './lambda/policy.ts';
export type { PolicyAnswer } from './lambda/policy-size.ts';
export { restAuthorizer, type RestAuthorizerHandler, type RestAuthorizerOptions } from './lambda/rest.ts';
export {
  webSocketAuthorizer,
  type WebSocketAuthorizerHandler,
  type WebSocketAuthorizerOptions,
} from './lambda/websocket.ts';
export { CHECK_NAMES, inspectToken, type Check, type Inspection, type InspectionInput } from './inspect.ts';
export { JwsError, verifyCompactJws, verifySignature, type JwsErrorCode } from '@apikey/shared';
