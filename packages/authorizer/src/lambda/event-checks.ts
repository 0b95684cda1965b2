/** Which events a handler takes for requests, and the report of those that it does not. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError } from '../config-error.ts';
import type { Refusal } from '../refusal.ts';
import { member, textAt } from './event-reading.ts';
import { parseMethodArn, type MethodArn } from './execute-api-arn.ts';

/**
 * What an HTTP API asks its authorizer, or why this event is no such question. The event of a proxied request has the same
 * `version`, headers and path: an authorizer that is reached as a route, or by a function URL, must not pass for a yes.
 */
export function readHttpEvent(event: unknown): MethodArn | Refusal {
  const version = member(event, 'version');
  if (version !== '1.0' && version !== '2.0') return 'version';
  if (member(event, 'type') !== 'REQUEST' || (version === '2.0' && !isOfFormat2(event))) return 'type';
  const arn = parseMethodArn(textAt(event, version === '2.0' ? 'routeArn' : 'methodArn'));
  // An ARN has no query: who reads on from here must not take a decoded character for the start of one.
  return arn !== undefined && /[?#]/.test(arn.arn) ? 'path' : (arn ?? 'arn');
}

/** Members that every event of payload format 2.0 has. */
function isOfFormat2(event: unknown): boolean {
  const texts = [textAt(event, 'requestContext', 'stage'), textAt(event, 'requestContext', 'http', 'method')];
  return textAt(event, 'rawPath')?.startsWith('/') === true && !texts.includes(undefined);
}

/** Runs a check of an event that may throw `AuthorizerConfigError`, and reports the event before it does. */
export function reported<T>(authorizer: Authorizer, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof AuthorizerConfigError) authorizer.refuse(refusalOf(error));
    throw error;
  }
}

function refusalOf({ option }: AuthorizerConfigError): Refusal {
  if (option === 'stages') return 'stage';
  return option === 'gatewayResultTtl' ? 'cache_key' : 'configuration';
}
