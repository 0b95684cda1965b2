/** What API Gateway takes of an answer, and the check that routes keep to it before the first request comes. */
import { AuthorizerConfigError } from '../config-error.ts';
import type { LiveToken } from '../decision.ts';
import type { RouteTable } from '../routes.ts';
import { answerContext, type AnswerContext } from './answer-context.ts';
import { largestPolicy, type PolicyDocument } from './policy.ts';

/** Characters of one resource ("Output from an API Gateway Lambda authorizer"). */
const MAX_RESOURCE = 512;
/** Bytes of a whole answer. */
const MAX_ANSWER = 8192;
/** Room for scopes in the context: 64 of 31 characters. Who has longer ones may find that an answer is too long. */
const SCOPES_LENGTH = 2048;
const USAGE_KEY_LENGTH = 128;
/** Room for the members' names, their punctuation, and the one number of an answer. */
const FRAME = 256;
/** As long as the parts of an ARN get: no partition, Region or API id is longer than these. */
const LONGEST_API = 'arn:aws-us-gov:execute-api:ap-southeast-1:111122223333:abcdefghij';
const MAX_STAGE_LENGTH = 128;

/** What REST, WebSocket and HTTP APIs take from an authorizer that answers with a policy. */
export type PolicyAnswer = {
  principalId: string;
  policyDocument: PolicyDocument;
  context?: AnswerContext;
  usageIdentifierKey?: string;
};

/** Throws `AuthorizerConfigError` if some token's answer could be longer than API Gateway takes. */
export function checkPolicySize(routes: RouteTable | undefined, stages: readonly string[] | undefined): void {
  const stage = (stages ?? ['s'.repeat(MAX_STAGE_LENGTH)]).toSorted((a, b) => b.length - a.length)[0] ?? '';
  const arn = { base: `${LONGEST_API}/${stage}` };
  const { bytes, longest } = measure(largestPolicy(arn, routes));
  const hints = stages === undefined ? ' (with a stage of 128 characters: name yours in `stages`)' : '';
  if (longest > MAX_RESOURCE) {
    throw new AuthorizerConfigError(
      'routes',
      `hold a path that makes a resource of ${longest} characters, and API Gateway takes ${MAX_RESOURCE}${hints}`,
    );
  }
  if (bytes > MAX_ANSWER) {
    throw new AuthorizerConfigError(
      'routes',
      `make answers of up to ${bytes} bytes, and API Gateway takes ${MAX_ANSWER}: join some with *${hints}`,
    );
  }
}

/** A policy with what of it counts against the limits: measured once, for it is a part of many answers. */
export interface MeasuredPolicy {
  readonly document: PolicyDocument;
  readonly bytes: number;
  readonly longest: number;
}

export function measurePolicy(document: PolicyDocument): MeasuredPolicy {
  return { document, bytes: Buffer.byteLength(JSON.stringify(document)), longest: longestResource(document) };
}

/** An answer of its own, if API Gateway will take it. Throws `AuthorizerConfigError`: too long an answer is no denial. */
export function checkedAnswer(policy: MeasuredPolicy, names: Omit<PolicyAnswer, 'policyDocument'>): PolicyAnswer {
  const answer: PolicyAnswer = { policyDocument: copyOf(policy.document), ...names };
  // To write the answer down takes longer than everything else about it, and hardly any is near the limit.
  const surelyShort = policy.bytes + mostBytes(names) <= MAX_ANSWER;
  if (!surelyShort && Buffer.byteLength(JSON.stringify(answer)) > MAX_ANSWER) {
    throw new AuthorizerConfigError(
      'routes',
      `and the scopes of this token make an answer of over ${MAX_ANSWER} bytes`,
    );
  }
  if (policy.longest > MAX_RESOURCE) {
    throw new AuthorizerConfigError('routes', `make a resource of over ${MAX_RESOURCE} characters in this stage`);
  }
  return answer;
}

/** At least as many bytes as these take in an answer: no UTF-16 unit takes more than six in JSON. */
function mostBytes({ principalId, context, usageIdentifierKey = '' }: Omit<PolicyAnswer, 'policyDocument'>): number {
  const texts = principalId.length + usageIdentifierKey.length;
  if (context === undefined) return 6 * texts + FRAME;
  return 6 * (texts + context.client.length + context.jti.length + context.scopes.length + context.kid.length) + FRAME;
}

/** Whoever gets an answer may add to it. */
function copyOf({ Version, Statement }: PolicyDocument): PolicyDocument {
  return {
    Version,
    Statement: Statement.map(({ Action, Effect, Resource }) => ({ Action, Effect, Resource: [...Resource] })),
  };
}

/** Sizes of an answer with this policy, for a token whose names are as long as they get. */
function measure(policyDocument: PolicyDocument): { readonly bytes: number; readonly longest: number } {
  const token: LiveToken = {
    client: 'c'.repeat(63),
    jti: 'j'.repeat(36),
    kid: 'k'.repeat(43),
    scopes: ['s'.repeat(SCOPES_LENGTH)],
    expiresAt: 99_999_999_999,
  };
  const usageIdentifierKey = 'u'.repeat(USAGE_KEY_LENGTH);
  const answer = { principalId: token.client, policyDocument, context: answerContext(token), usageIdentifierKey };
  return { bytes: Buffer.byteLength(JSON.stringify(answer)), longest: longestResource(policyDocument) };
}

function longestResource({ Statement }: PolicyDocument): number {
  return Math.max(...Statement.flatMap(({ Resource }) => Resource.map(({ length }) => length)));
}
