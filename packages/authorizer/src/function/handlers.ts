/** Composes the prebuilt function from its variables: sources, authorizer, and a handler for each kind of gateway. */
import { createAuthorizer } from '../authorizer.ts';
import { systemClock, type AuthorizerClock } from '../clock.ts';
import { dynamoClient, dynamoStatus, dynamoUsage } from '../dynamodb/index.ts';
import { kmsKeys } from '../kms/index.ts';
import { member } from '../lambda/event-reading.ts';
import type { HttpAuthorizerEvent, RestAuthorizerEvent } from '../lambda/events.ts';
import { httpAuthorizer, type HttpAuthorizerHandler, type SimpleAnswer } from '../lambda/http.ts';
import type { PolicyAnswer } from '../lambda/policy-size.ts';
import { restAuthorizer, type RestAuthorizerHandler } from '../lambda/rest.ts';
import { decisionLines } from './decision-lines.ts';
import { withPinnedKeys } from './pinned-keys.ts';
import { asFunctionError, readSettings, type FunctionSettings } from './settings.ts';
import type { Environment } from './variable-reader.ts';

export interface FunctionHandlers {
  readonly rest: RestAuthorizerHandler;
  readonly http: HttpAuthorizerHandler;
  /** Either of them, by the event: those of HTTP APIs have a `version`. */
  readonly handler: (event: RestAuthorizerEvent | HttpAuthorizerEvent) => Promise<PolicyAnswer | SimpleAnswer>;
}

/**
 * Reads the variables and makes all that they describe. Nothing is sent yet.
 *
 * @param write takes the lines of log and metrics
 * @throws FunctionConfigError naming every variable that is wrong
 */
export function functionHandlers(
  environment: Environment,
  write: (line: string) => void,
  clock: AuthorizerClock = systemClock,
): FunctionHandlers {
  const settings = readSettings(environment);
  try {
    return compose(settings, environment, write, clock);
  } catch (error) {
    throw asFunctionError(error);
  }
}

function compose(
  settings: FunctionSettings,
  environment: Environment,
  write: (line: string) => void,
  clock: AuthorizerClock,
): FunctionHandlers {
  const { table, issuer, audience, allow, pinned, routes, stages } = settings;
  const kms = allow.length === 0 ? undefined : kmsKeys({ allow });
  // One for both: the write of a use then finds a connection that the read of its status has made.
  const client = dynamoClient();
  const sources = withPinnedKeys(pinned, dynamoStatus({ table, client }), kms);
  const functionName = environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'apikey-authorizer';
  const authorizer = createAuthorizer({
    issuer,
    audience,
    ...sources,
    maxStaleness: { tokens: settings.maxStalenessTokens, keys: settings.maxStalenessKeys },
    staleIfError: settings.staleIfError,
    gatewayResultTtl: settings.gatewayResultTtl,
    maxLifetime: settings.maxLifetime,
    clockTolerance: settings.clockTolerance,
    exactPaths: settings.exactPaths,
    usage: settings.trackUsage ? dynamoUsage({ table, client }) : undefined,
    onDecision: decisionLines({ ...settings, functionName }, write, () => clock.wall()),
    clock,
  });
  const { addressInCacheKey, usageIdentifierKey, httpResponses: responses } = settings;
  const makeRest = (): RestAuthorizerHandler =>
    restAuthorizer(authorizer, { routes, stages, addressInCacheKey, usageIdentifierKey });
  const makeHttp = (): HttpAuthorizerHandler => httpAuthorizer(authorizer, { routes, stages, responses });
  return handlersFor(environment['_HANDLER'], makeRest, makeHttp);
}

/**
 * Lambda says in `_HANDLER` which export it will call: that one is made now, so that its mistakes show at the start. The
 * limits of a gateway that is not there need not be kept.
 */
function handlersFor(
  handler: string | undefined,
  makeRest: () => RestAuthorizerHandler,
  makeHttp: () => HttpAuthorizerHandler,
): FunctionHandlers {
  const [rest, http] = [once(makeRest), once(makeHttp)];
  const name = handler?.split('.').at(-1);
  if (name !== 'http') rest();
  if (name !== 'rest') http();
  return {
    rest: async (event) => rest()(event),
    http: async (event) => http()(event),
    handler: async (event) => (isHttpEvent(event) ? http()(event) : rest()(event)),
  };
}

function isHttpEvent(event: RestAuthorizerEvent | HttpAuthorizerEvent): event is HttpAuthorizerEvent {
  return member(event, 'version') !== undefined;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
