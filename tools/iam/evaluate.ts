/** Whether a policy allows a request, by a full evaluator of IAM: for tests alone, since its licence is the AGPL. */
import { runSimulation } from '@cloud-copilot/iam-simulate';

/** One question that AWS asks about one call. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys with their values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** A policy as `apikey iam` prints it. */
export interface EvaluatedPolicy {
  readonly Version: string;
  readonly Statement: readonly object[];
}

const ACCOUNT = '111122223333';
const PRINCIPAL = `arn:aws:iam::${ACCOUNT}:role/tester`;
/** What KMS gives each key that is made without a policy of its own: IAM decides. */
const DEFAULT_KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
};

/** Throws where the evaluator does not know the action, the resource or a condition key: it would decide about another. */
export async function isAllowed(policy: EvaluatedPolicy, { action, resource, context }: Need): Promise<boolean> {
  const [principal = PRINCIPAL] = context['aws:PrincipalArn'] ?? [];
  const outcome = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:PrincipalArn': principal, ...valuesOf(context) },
      },
      identityPolicies: [{ name: 'role', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && resource !== '*' ? { resourcePolicy: DEFAULT_KEY_POLICY } : {}),
    },
    {},
  );
  const asked = `${action} on ${resource}`;
  if (outcome.resultType === 'error') throw new Error(`${asked}: ${JSON.stringify(outcome.errors)}`);
  const results = outcome.resultType === 'single' ? [outcome.result] : outcome.results;
  const ignored = results.flatMap(({ ignoredContextKeys = [] }) => ignoredContextKeys);
  if (ignored.length > 0) throw new Error(`${asked}: the evaluator ignores ${ignored.join(', ')}`);
  return outcome.overallResult === 'Allowed';
}

/** A list is what a condition key with several values has; the others are plain texts. */
function valuesOf(context: Need['context']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(context).map(([key, values]) => [key, isList(key) ? [...values] : (values[0] ?? '')]),
  );
}

function isList(key: string): boolean {
  return /^(?:dynamodb:(?:Attributes|LeadingKeys)|kms:ResourceAliases|aws:TagKeys)$/.test(key);
}
