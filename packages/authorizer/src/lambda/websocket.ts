/** An authorizer for the `$connect` route of WebSocket APIs. An open socket is not authorized again. */
import type { Authorizer } from '../authorizer.ts';
import { refuseUnknown } from '../config-error.ts';
import { liveTokenOf, type LiveToken } from '../decision.ts';
import { everyRequest, parseScopeOption } from '../routes.ts';
import { answerContext } from './answer-context.ts';
import { member, presentedToken, textAt } from './event-reading.ts';
import type { WebSocketAuthorizerEvent } from './events.ts';
import { isConnectArn } from './execute-api-arn.ts';
import { checkedAnswer, measurePolicy, type PolicyAnswer } from './policy-size.ts';
import { unauthorized } from './rest.ts';

export interface WebSocketAuthorizerOptions {
  /** The scopes that it takes to connect. Default none. */
  readonly scopes?: readonly string[] | undefined;
}

export type WebSocketAuthorizerHandler = (event: WebSocketAuthorizerEvent) => Promise<PolicyAnswer>;

/** What `scopes` and routes of the authorizer are matched with: a socket is opened by a GET. */
const CONNECT = { method: 'GET', path: '/' };

/**
 * A Lambda handler. It answers with a policy for `$connect`, 101 or 403, and throws exactly `Unauthorized` (401) for tokens
 * that are not live and for other events. Faults are thrown as they are, and become 500. The token comes from the
 * `Authorization` header: a query string would end up in logs.
 *
 * @throws AuthorizerConfigError for options that are unknown or wrong
 */
export function webSocketAuthorizer(
  authorizer: Authorizer,
  options: WebSocketAuthorizerOptions = {},
): WebSocketAuthorizerHandler {
  refuseUnknown(options, ['scopes']);
  const { scopes } = options;
  const routes = scopes === undefined ? undefined : everyRequest(parseScopeOption(scopes, 'scopes'));
  return async (event: unknown) => {
    const arn = textAt(event, 'methodArn');
    const eventType = textAt(event, 'requestContext', 'eventType') ?? 'CONNECT';
    if (!isConnectArn(arn) || member(event, 'type') !== 'REQUEST' || eventType !== 'CONNECT') {
      authorizer.refuse(!isConnectArn(arn) ? 'arn' : eventType === 'CONNECT' ? 'type' : 'operation');
      throw unauthorized();
    }
    const sourceAddress = textAt(event, 'requestContext', 'identity', 'sourceIp');
    const decision = await authorizer.authorize({ token: presentedToken(event), sourceAddress, ...CONNECT, routes });
    if (decision.allowed) return answer('Allow', arn, decision);
    const live = liveTokenOf(decision);
    if (live === undefined) throw unauthorized();
    return answer('Deny', arn, live);
  };
}

function answer(Effect: 'Allow' | 'Deny', arn: string, token: LiveToken): PolicyAnswer {
  const policy = measurePolicy({
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: [arn] }],
  });
  return checkedAnswer(policy, { principalId: token.client, context: answerContext(token) });
}
