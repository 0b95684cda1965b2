/** An authorizer for HTTP APIs of API Gateway, for the payload formats 1.0 and 2.0. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';
import { compileRoutes, type Route } from '../routes.ts';
import { answerContext, type AnswerContext } from './answer-context.ts';
import { requestInCacheKey, requireAddressInCacheKey, routeInCacheKey, usableAddress } from './cache-key.ts';
import { member, presentedToken, textAt } from './event-reading.ts';
import type { HttpAuthorizerEvent } from './events.ts';
import { parseMethodArn } from './execute-api-arn.ts';
import { parseStages, PolicyAnswers, policyRoutes, requireStage } from './policy-face.ts';
import { checkPolicySize, type PolicyAnswer } from './policy-size.ts';
import { unauthorized } from './rest.ts';

export interface HttpAuthorizerOptions {
  /** Which scopes a request needs. Without routes, a live token opens everything of its API. */
  readonly routes?: readonly Route[] | undefined;
  /**
   * How payload format 2.0 is answered: `simple` (the default) where the authorizer has `enableSimpleResponses`, `policy`
   * where it has not. Payload format 1.0 is always answered with a policy.
   */
  readonly responses?: 'simple' | 'policy' | undefined;
  /** The stages that policies are made for, all others are refused; known names make the check of sizes exact. */
  readonly stages?: readonly string[] | undefined;
}

export type SimpleAnswer = { isAuthorized: boolean; context?: AnswerContext };

export type HttpAuthorizerHandler = (event: HttpAuthorizerEvent) => Promise<SimpleAnswer | PolicyAnswer>;

/**
 * A Lambda handler. Every denial is 403, which is all that HTTP APIs offer; faults are thrown as they are, and become 500.
 *
 * With a `gatewayResultTtl`, it throws `AuthorizerConfigError` for an event whose identity sources lack what its answer
 * depends on: the route key, for simple answers, and method and path where there are routes and one route key stands for
 * many requests; the source address, for clients that are limited to networks.
 *
 * @throws AuthorizerConfigError for options that are unknown or wrong, and for routes whose policy could be too long
 */
export function httpAuthorizer(authorizer: Authorizer, options: HttpAuthorizerOptions = {}): HttpAuthorizerHandler {
  refuseUnknown(options, ['routes', 'responses', 'stages']);
  const { responses = 'simple' } = options;
  if (responses !== 'simple' && responses !== 'policy') {
    throw new AuthorizerConfigError('responses', 'must be simple or policy');
  }
  const simple = simpleFace(authorizer, options);
  const makePolicyFace = policyFace(authorizer, options);
  let policy = responses === 'policy' ? makePolicyFace() : undefined;
  return async (event: unknown) => {
    const version = member(event, 'version');
    if (version === '2.0' && responses === 'simple') return simple(event);
    if (version !== '1.0' && version !== '2.0') return { isAuthorized: false };
    policy ??= makePolicyFace();
    return policy(event);
  };
}

function simpleFace(authorizer: Authorizer, options: HttpAuthorizerOptions): (event: unknown) => Promise<SimpleAnswer> {
  const routes =
    options.routes === undefined ? undefined : compileRoutes(options.routes, { exactPaths: authorizer.exactPaths });
  return async (event) => {
    const method = textAt(event, 'requestContext', 'http', 'method');
    const path = pathWithoutStage(textAt(event, 'rawPath'), textAt(event, 'requestContext', 'stage'));
    if (method === undefined || path === undefined) return { isAuthorized: false };
    if (!routeInCacheKey(authorizer, event)) return { isAuthorized: false };
    const byRequest = routes !== undefined || authorizer.routes !== undefined;
    if (byRequest && !requestInCacheKey(authorizer, event)) return { isAuthorized: false };
    if (authorizer.isPublic({ method, path, routes })) return { isAuthorized: true };
    const decision = await authorizer.authorize({
      token: presentedToken(event),
      sourceAddress: usableAddress(authorizer, event, textAt(event, 'requestContext', 'http', 'sourceIp')),
      method,
      path,
      routes,
    });
    requireAddressInCacheKey(authorizer, event, decision);
    return decision.allowed ? { isAuthorized: true, context: answerContext(decision) } : { isAuthorized: false };
  };
}

/** Checks sizes when it is called: a function that gives simple answers alone may have more routes than fit into a policy. */
function policyFace(
  authorizer: Authorizer,
  options: HttpAuthorizerOptions,
): () => (event: unknown) => Promise<PolicyAnswer> {
  const stages = parseStages(options.stages);
  return () => {
    const routes = policyRoutes(authorizer, options.routes);
    checkPolicySize(routes, stages);
    const answers = new PolicyAnswers(routes);
    return async (event) => {
      const v2 = member(event, 'version') === '2.0';
      const arn = parseMethodArn(textAt(event, v2 ? 'routeArn' : 'methodArn'));
      if (arn === undefined) throw unauthorized();
      requireStage(arn, stages);
      const address = textAt(event, 'requestContext', v2 ? 'http' : 'identity', 'sourceIp');
      const { method, path } = arn;
      const sourceAddress = usableAddress(authorizer, event, address);
      const decision = await authorizer.authorize({
        token: presentedToken(event),
        sourceAddress,
        method,
        path,
        routes,
      });
      if (!decision.allowed && authorizer.isPublic({ method, path, routes })) return answers.withoutToken(arn);
      requireAddressInCacheKey(authorizer, event, decision);
      return answers.of(decision, arn);
    };
  };
}

/** A named stage is the first segment of `rawPath`, on custom domains too; `$default` is not. */
function pathWithoutStage(rawPath: string | undefined, stage: string | undefined): string | undefined {
  if (rawPath?.startsWith('/') !== true || stage === undefined) return undefined;
  if (rawPath === `/${stage}`) return '/';
  return rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
}
