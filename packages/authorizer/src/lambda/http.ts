/** An authorizer for HTTP APIs of API Gateway, for the payload formats 1.0 and 2.0. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';
import { compileRoutes, type Route } from '../routes.ts';
import { answerContext, type AnswerContext } from './answer-context.ts';
import { requestInCacheKey, requireAddressInCacheKey, routeInCacheKey, usableAddress } from './cache-key.ts';
import { readHttpEvent, reported } from './event-checks.ts';
import { member, presentedToken, textAt } from './event-reading.ts';
import type { HttpAuthorizerEvent } from './events.ts';
import type { MethodArn } from './execute-api-arn.ts';
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
  /** The stages that are served, all others are refused; known names make the check of sizes exact. */
  readonly stages?: readonly string[] | undefined;
}

export type SimpleAnswer = { isAuthorized: boolean; context?: AnswerContext };

export type HttpAuthorizerHandler = (event: HttpAuthorizerEvent) => Promise<SimpleAnswer | PolicyAnswer>;

/**
 * A Lambda handler. Every denial is 403, which is all that HTTP APIs offer; faults are thrown as they are, and become 500.
 * Events that are not those of an HTTP API's authorizer are refused. Method and path are read from the ARN of the event: it
 * has neither the stage nor the base path of a custom domain, so both kinds of answer judge the same.
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
    const arn = readHttpEvent(event);
    const version = member(event, 'version');
    const wantsPolicy = version === '1.0' || (version === '2.0' && responses === 'policy');
    if (typeof arn === 'string') {
      authorizer.refuse(arn);
      if (wantsPolicy) throw unauthorized();
      return { isAuthorized: false };
    }
    if (!wantsPolicy) return simple(event, arn);
    policy ??= reported(authorizer, makePolicyFace);
    return policy(event, arn);
  };
}

/** Decides about an event that an HTTP API sent. */
type Face<A> = (event: unknown, arn: MethodArn) => Promise<A>;

function simpleFace(authorizer: Authorizer, options: HttpAuthorizerOptions): Face<SimpleAnswer> {
  const routes =
    options.routes === undefined ? undefined : compileRoutes(options.routes, { exactPaths: authorizer.exactPaths });
  const stages = parseStages(options.stages);
  const byRequest = routes !== undefined || authorizer.routes !== undefined;
  return async (event, arn) => {
    reported(authorizer, () => requireStage(arn, stages));
    const { method, path } = arn;
    const inCacheKey = reported(
      authorizer,
      () => routeInCacheKey(authorizer, event) && (!byRequest || requestInCacheKey(authorizer, event)),
    );
    if (!inCacheKey) {
      authorizer.refuse('cache_key');
      return { isAuthorized: false };
    }
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
function policyFace(authorizer: Authorizer, options: HttpAuthorizerOptions): () => Face<PolicyAnswer> {
  const stages = parseStages(options.stages);
  return () => {
    const routes = policyRoutes(authorizer, options.routes);
    checkPolicySize(routes, stages);
    const answers = new PolicyAnswers(routes);
    return async (event, arn) => {
      reported(authorizer, () => requireStage(arn, stages));
      const v2 = member(event, 'version') === '2.0';
      const address = textAt(event, 'requestContext', v2 ? 'http' : 'identity', 'sourceIp');
      const { method, path } = arn;
      const token = presentedToken(event);
      if (token === undefined && authorizer.isPublic({ method, path, routes })) return answers.withoutToken(arn);
      const decision = await authorizer.authorize({
        token,
        sourceAddress: usableAddress(authorizer, event, address),
        method,
        path,
        routes,
      });
      if (!decision.allowed && authorizer.isPublic({ method, path, routes })) return answers.withoutToken(arn);
      requireAddressInCacheKey(authorizer, event, decision);
      return reported(authorizer, () => answers.of(decision, arn));
    };
  };
}
