/** What all faces share that answer with a policy: their routes, their stages, and the answers themselves. */
import type { Authorizer } from '../authorizer.ts';
import { BoundedMap } from '../cache/bounded-map.ts';
import { AuthorizerConfigError } from '../config-error.ts';
import { liveTokenOf, type Decision, type LiveToken } from '../decision.ts';
import { compileRoutes, type Route, type RouteTable } from '../routes.ts';
import { answerContext, usageKeyOf, type AnswerContext, type UsageIdentifierKey } from './answer-context.ts';
import type { MethodArn } from './execute-api-arn.ts';
import { denyAll, policyAllows, policyMaker, type PolicyMaker } from './policy.ts';
import { checkedAnswer, measurePolicy, type MeasuredPolicy, type PolicyAnswer } from './policy-size.ts';

/** Who is denied and has no name. */
const NOBODY = 'denied';
/** Who uses a public route without a token. No client has this name: those have no space. */
const ANYONE = 'no token';
/** Policies kept: more stages than call one function, and more sets of scopes than the tokens of one API have. */
const MAX_STAGES = 16;
const MAX_POLICIES = 256;

/**
 * The routes that a face's policies state. Throws `AuthorizerConfigError` where both the authorizer and the face have some:
 * that a request needs both cannot be said in a policy.
 */
export function policyRoutes(authorizer: Authorizer, routes: readonly Route[] | undefined): RouteTable | undefined {
  if (routes === undefined) return authorizer.routes;
  if (authorizer.routes === undefined) return compileRoutes(routes, { exactPaths: authorizer.exactPaths });
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

/** The stage that the console names when somebody tests an authorizer there; nothing is served by it. */
const CONSOLE_STAGE = 'ESTestInvoke-stage';

/** Throws `AuthorizerConfigError` for an event of a stage that was not named. */
export function requireStage({ stage }: MethodArn, stages: readonly string[] | undefined): void {
  if (stages === undefined || stages.includes(stage) || stage === CONSOLE_STAGE) return;
  throw new AuthorizerConfigError('stages', `lack the stage ${JSON.stringify(stage)}, which an event came from`);
}

/** Turns decisions into answers. */
export class PolicyAnswers {
  readonly #make: PolicyMaker;
  /** By stage and by scopes: a policy depends on nothing else. */
  readonly #made = new BoundedMap<BoundedMap<MeasuredPolicy>>(MAX_STAGES);
  readonly #usageKey: UsageIdentifierKey | undefined;

  constructor(routes: RouteTable | undefined, usageKey?: UsageIdentifierKey) {
    this.#make = policyMaker(routes);
    this.#usageKey = usageKey;
  }

  /** The answer to a decision; for a denial, one by which this request is denied. */
  of(decision: Decision, arn: MethodArn): PolicyAnswer {
    if (decision.allowed) return this.#allow(decision, arn);
    const { reason } = decision;
    const live = liveTokenOf(decision);
    if (live === undefined) return { principalId: NOBODY, policyDocument: denyAll(arn) };
    // The gateway may keep this for the token's other requests: they are allowed what they would be allowed anyway.
    const context = answerContext(live);
    const policy = reason === 'insufficient_scope' ? this.#policy(arn, live, context) : undefined;
    const denies = policy !== undefined && !policyAllows(policy.document, arn.arn);
    return this.#answer(live, denies ? policy : measurePolicy(denyAll(arn)), context);
  }

  /** The answer to a request on a public route without a live token: it opens public routes alone. */
  withoutToken(arn: MethodArn): PolicyAnswer {
    return checkedAnswer(measurePolicy(this.#make(arn, undefined)), { principalId: ANYONE });
  }

  #allow(token: LiveToken, arn: MethodArn): PolicyAnswer {
    const context = answerContext(token);
    return this.#answer(token, this.#policy(arn, token, context), context);
  }

  #policy(arn: MethodArn, { scopes }: LiveToken, context: AnswerContext): MeasuredPolicy {
    const ofStage = this.#made.getOrMake(arn.base, () => new BoundedMap(MAX_POLICIES));
    return ofStage.getOrMake(context.scopes, () => measurePolicy(this.#make(arn, scopes)));
  }

  #answer(token: LiveToken, policy: MeasuredPolicy, context: AnswerContext): PolicyAnswer {
    const usageIdentifierKey = usageKeyOf(this.#usageKey, token);
    const names = { principalId: token.client, context };
    return checkedAnswer(policy, usageIdentifierKey === undefined ? names : { ...names, usageIdentifierKey });
  }
}
