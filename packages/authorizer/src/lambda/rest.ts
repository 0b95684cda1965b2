/** An authorizer for REST APIs of API Gateway, for the types `TOKEN` and `REQUEST`. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';
import { parseAuthorization } from '../credential.ts';
import type { Route } from '../routes.ts';
import type { UsageIdentifierKey } from './answer-context.ts';
import { reported } from './event-checks.ts';
import { member, presentedToken, textAt } from './event-reading.ts';
import type { RestAuthorizerEvent } from './events.ts';
import { parseMethodArn } from './execute-api-arn.ts';
import { parseStages, PolicyAnswers, policyRoutes, requireStage } from './policy-face.ts';
import { checkPolicySize, type PolicyAnswer } from './policy-size.ts';

export interface RestAuthorizerOptions {
  /** Which scopes a request needs. Without routes, a live token opens every method and path of its API and stage. */
  readonly routes?: readonly Route[] | undefined;
  /** The stages that are served, all others are refused; known names make the check of sizes exact. */
  readonly stages?: readonly string[] | undefined;
  /**
   * `context.identity.sourceIp` is an identity source of the `REQUEST` authorizer. Without it, and with a `gatewayResultTtl`,
   * clients that are limited to networks are denied: the gateway would reuse their answer for other addresses.
   */
  readonly addressInCacheKey?: boolean | undefined;
  /** Adds `usageIdentifierKey`, for APIs whose key source is `AUTHORIZER`. */
  readonly usageIdentifierKey?: UsageIdentifierKey | undefined;
}

export type RestAuthorizerHandler = (event: RestAuthorizerEvent) => Promise<PolicyAnswer>;

/**
 * A Lambda handler. It answers with a policy: 200 or 403, for this request and for all that the gateway reuses it for. It
 * throws exactly `Unauthorized`, which API Gateway answers with 401, for every token that is not live and for every event
 * that is not one of a REST API. Faults are thrown as they are, and become 500.
 *
 * @throws AuthorizerConfigError for options that are unknown or wrong, and for routes whose policy could be too long
 */
export function restAuthorizer(authorizer: Authorizer, options: RestAuthorizerOptions = {}): RestAuthorizerHandler {
  refuseUnknown(options, ['routes', 'stages', 'addressInCacheKey', 'usageIdentifierKey']);
  const { addressInCacheKey = false, usageIdentifierKey } = options;
  if (typeof addressInCacheKey !== 'boolean') {
    throw new AuthorizerConfigError('addressInCacheKey', 'must be true or false');
  }
  requireUsageKey(usageIdentifierKey);
  const routes = policyRoutes(authorizer, options.routes);
  const stages = parseStages(options.stages);
  checkPolicySize(routes, stages);
  const answers = new PolicyAnswers(routes, usageIdentifierKey);
  const addressCounts = authorizer.gatewayResultTtl === 0 || addressInCacheKey;

  return async (event: unknown) => {
    const type = member(event, 'type');
    const arn = parseMethodArn(textAt(event, 'methodArn'));
    if (arn === undefined || (type !== 'TOKEN' && type !== 'REQUEST')) {
      authorizer.refuse(arn === undefined ? 'arn' : 'type');
      throw unauthorized();
    }
    reported(authorizer, () => requireStage(arn, stages));
    const token = type === 'TOKEN' ? parseAuthorization(textAt(event, 'authorizationToken')) : presentedToken(event);
    const address = type === 'REQUEST' ? textAt(event, 'requestContext', 'identity', 'sourceIp') : undefined;
    const { method, path } = arn;
    if (token === undefined && authorizer.isPublic({ method, path, routes })) return answers.withoutToken(arn);
    const sourceAddress = addressCounts ? address : undefined;
    const decision = await authorizer.authorize({ token, sourceAddress, method, path, routes });
    if (!decision.allowed && authorizer.isPublic({ method, path, routes })) return answers.withoutToken(arn);
    if (!decision.allowed && decision.status === 401) throw unauthorized();
    return reported(authorizer, () => answers.of(decision, arn));
  };
}

function requireUsageKey(choice: unknown): void {
  if (choice === undefined || choice === 'client' || choice === 'jti' || typeof choice === 'function') return;
  throw new AuthorizerConfigError('usageIdentifierKey', 'must be client, jti or a function');
}

/** API Gateway answers 401 to an error with exactly this message, and 500 to every other. */
export function unauthorized(): Error {
  return new Error('Unauthorized');
}
