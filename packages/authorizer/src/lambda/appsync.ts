/** An authorizer for AppSync: its GraphQL APIs and its Event APIs. */
import { coversScopes } from '@apikey/shared';
import type { Authorizer } from '../authorizer.ts';
import { systemClock, type AuthorizerClock } from '../clock.ts';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';
import { parseAuthorization } from '../credential.ts';
import type { Refusal } from '../refusal.ts';
import { everyRequest, parseScopeOption } from '../routes.ts';
import { answerContext, type AnswerContext } from './answer-context.ts';
import { readAppSyncEvent } from './appsync-event.ts';
import { channelGuard, type ChannelRule, type ChannelUse } from './channels.ts';
import { member, textAt } from './event-reading.ts';
import type { AppSyncAuthorizerEvent } from './events.ts';

/** A field of the schema and the scopes that it takes to see it. */
export interface FieldRule {
  /** `Type.field`, or a field's ARN. */
  readonly field: string;
  readonly scopes: readonly string[];
}

export interface AppSyncAuthorizerOptions {
  /** The scopes that every request needs. Default none. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Who may use which channels of an Event API. A use needs the scopes of every rule that holds for some of the channels, and a
   * rule that holds for all of them; a connection needs the scopes of one rule. Without rules, Event APIs are refused.
   */
  readonly channels?: readonly ChannelRule[] | undefined;
  /** Fields that AppSync is to answer with `null` unless the token has their scopes. */
  readonly fields?: readonly FieldRule[] | undefined;
  /**
   * Seconds for which AppSync may reuse an answer, 0 to 3600, and never beyond the token's end. Default: the authorizer's
   * `gatewayResultTtl`, with which tokens are denied for that long before their end.
   */
  readonly resultTtl?: number | undefined;
  /** For tests. */
  readonly clock?: Pick<AuthorizerClock, 'wall'> | undefined;
}

export type AppSyncAnswer = {
  isAuthorized: boolean;
  /** For the resolvers of a GraphQL API. */
  resolverContext?: AnswerContext;
  /** For the handlers of an Event API. */
  handlerContext?: AnswerContext;
  deniedFields?: string[];
  ttlOverride: number;
};

export type AppSyncAuthorizerHandler = (event: AppSyncAuthorizerEvent) => Promise<AppSyncAnswer>;

/** AppSync takes no longer tokens. */
const MAX_TOKEN_LENGTH = 2048;
/** No token looks like this: it is denied as malformed. */
const MALFORMED = ',';
const FIELD = /^(?:[A-Za-z_]\w*\.[A-Za-z_]\w*|arn:[\w-]+:appsync:[\w-]+:\d{12}:apis\/\w+\/types\/\w+\/fields\/\w+)$/;
const MAX_TTL = 3600;
/** What `scopes` and routes of the authorizer are matched with. */
const GRAPHQL = { method: 'POST', path: '/graphql' };
const EVENTS = { method: 'POST', path: '/event' };

/**
 * A Lambda handler. A denial is `isAuthorized: false`, which AppSync answers with 401, and is never reused; faults are thrown.
 * GraphQL requests and uses of an Event API are told apart by what their events hold; one that could be both is refused.
 * AppSync wants the bare token in the `Authorization` header; `Bearer` before it is understood as well.
 *
 * @throws AuthorizerConfigError for options that are unknown or wrong
 */
export function appSyncAuthorizer(
  authorizer: Authorizer,
  options: AppSyncAuthorizerOptions = {},
): AppSyncAuthorizerHandler {
  refuseUnknown(options, ['scopes', 'channels', 'fields', 'resultTtl', 'clock']);
  const { scopes, clock = systemClock } = options;
  const routes = scopes === undefined ? undefined : everyRequest(parseScopeOption(scopes, 'scopes'));
  const fields = parseFields(options.fields ?? []);
  const mayUse = options.channels === undefined ? undefined : channelGuard(options.channels);
  const resultTtl = parseTtl(options.resultTtl ?? authorizer.gatewayResultTtl);

  const refuse = (refusal: Refusal): AppSyncAnswer => {
    authorizer.refuse(refusal);
    return { isAuthorized: false, ttlOverride: 0 };
  };
  const decideUse = async (event: unknown, use: ChannelUse): Promise<AppSyncAnswer> => {
    if (mayUse === undefined) return refuse('operation');
    const permits = (granted: readonly string[]): boolean => mayUse(use, granted);
    const decision = await authorizer.authorize({ token: presented(event), ...EVENTS, routes, permits });
    // Never kept: the next channel may need other scopes.
    return decision.allowed
      ? { isAuthorized: true, handlerContext: answerContext(decision), ttlOverride: 0 }
      : { isAuthorized: false, ttlOverride: 0 };
  };
  return async (event: unknown) => {
    const asked = readAppSyncEvent(event);
    if (asked !== 'graphql') return 'refusal' in asked ? refuse(asked.refusal) : decideUse(event, asked);
    const decision = await authorizer.authorize({ token: presented(event), ...GRAPHQL, routes });
    if (!decision.allowed) return { isAuthorized: false, ttlOverride: 0 };
    const left = Math.floor(decision.expiresAt - clock.wall() / 1000);
    const denied = fields.filter((rule) => !coversScopes(decision.scopes, rule.scopes)).map(({ field }) => field);
    return {
      isAuthorized: true,
      resolverContext: answerContext(decision),
      ...(denied.length === 0 ? {} : { deniedFields: denied }),
      ttlOverride: Math.max(0, Math.min(resultTtl, left)),
    };
  };
}

function presented(event: unknown): string | undefined {
  const header = textAt(event, 'authorizationToken');
  if (header === undefined || header === '') return undefined;
  const token = /^bearer\b/i.test(header) ? parseAuthorization(header) : header;
  return token !== undefined && token.length > MAX_TOKEN_LENGTH ? MALFORMED : token;
}

function parseFields(fields: unknown): readonly FieldRule[] {
  if (!Array.isArray(fields)) throw new AuthorizerConfigError('fields', 'must be a list of { field, scopes }');
  return fields.map((rule: unknown, index) => {
    const option = `fields[${index}]`;
    if (typeof rule !== 'object' || rule === null) {
      throw new AuthorizerConfigError(option, 'must be { field, scopes }');
    }
    refuseUnknown(rule, ['field', 'scopes'], `${option}.`);
    const field = textAt(rule, 'field');
    if (field === undefined || !FIELD.test(field)) {
      throw new AuthorizerConfigError(`${option}.field`, 'must be Type.field, or the ARN of a field');
    }
    return { field, scopes: parseScopeOption(member(rule, 'scopes'), `${option}.scopes`) };
  });
}

function parseTtl(seconds: unknown): number {
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_TTL) return Math.floor(seconds);
  throw new AuthorizerConfigError('resultTtl', `must be a number of seconds from 0 to ${MAX_TTL}`);
}
