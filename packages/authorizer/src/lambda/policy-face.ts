/** What all faces share that answer with a policy: their routes, their stages, and the answers themselves. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError } from '../config-error.ts';
import { liveTokenOf, type Decision, type LiveToken } from '../decision.ts';
import { compileRoutes, type Route, type RouteTable } from '../routes.ts';
import { answerContext, usageKeyOf, type UsageIdentifierKey } from './answer-context.ts';
import type { MethodArn } from './execute-api-arn.ts';
import { denyAll, policyAllows, policyMaker, type PolicyDocument } from './policy.ts';
import { checkedAnswer, type PolicyAnswer } from './policy-size.ts';

/** Who is denied and has no name. */
const NOBODY = 'denied';

/**
 * The routes that a face's policies state. Throws `AuthorizerConfigError` where both the authorizer and the face have some:
 * that a request needs both cannot be said in a policy.
 */
export function policyRoutes(authorizer: Authorizer, routes: readonly Route[] | undefined): RouteTable | undefined {
  if (routes === undefined) return authorizer.routes;
  if (authorizer.routes === undefined) return compileRoutes(routes);
  throw new AuthorizerConfigError('routes', 'are given to the authorizer as well: a policy can state one of the two');
}

/** Checks the names of stages. Throws `AuthorizerConfigError`. */
export function parseStages(stages: unknown): readonly string[] | undefined {
  if (stages === undefined) return undefined;
  const given: readonly unknown[] = Array.isArray(stages) ? stages : [];
  const names = given.filter((stage) => typeof stage === 'string').filter((stage) => /^[\w$.-]{1,128}$/.test(stage));
  if (names.length > 0 && names.length === given.length) return names;
  throw new AuthorizerConfigError('stages', 'must be a list of names of stages, with at least one');
}

/** Throws `AuthorizerConfigError` for an event of a stage that was not named. */
export function requireStage({ stage }: MethodArn, stages: readonly string[] | undefined): void {
  if (stages === undefined || stages.includes(stage)) return;
  throw new AuthorizerConfigError('stages', `lack the stage ${JSON.stringify(stage)}, which an event came from`);
}

/** Turns decisions into answers. */
export class PolicyAnswers {
  readonly #make: (arn: MethodArn, scopes: readonly string[]) => PolicyDocument;
  readonly #usageKey: UsageIdentifierKey | undefined;

  constructor(routes: RouteTable | undefined, usageKey?: UsageIdentifierKey) {
    this.#make = policyMaker(routes);
    this.#usageKey = usageKey;
  }

  /** The answer to a decision; for a denial, one by which this request is denied. */
  of(decision: Decision, arn: MethodArn): PolicyAnswer {
    if (decision.allowed) return this.#answer(decision, this.#make(arn, decision.scopes));
    const { reason } = decision;
    const live = liveTokenOf(decision);
    if (live === undefined) return { principalId: NOBODY, policyDocument: denyAll(arn) };
    // The gateway may keep this for the token's other requests: they are allowed what they would be allowed anyway.
    const policy = reason === 'insufficient_scope' ? this.#make(arn, live.scopes) : denyAll(arn);
    return this.#answer(live, policyAllows(policy, arn.arn) ? denyAll(arn) : policy);
  }

  #answer(token: LiveToken, policyDocument: PolicyDocument): PolicyAnswer {
    const usageIdentifierKey = usageKeyOf(this.#usageKey, token);
    return checkedAnswer({
      principalId: token.client,
      policyDocument,
      context: answerContext(token),
      ...(usageIdentifierKey === undefined ? {} : { usageIdentifierKey }),
    });
  }
}
