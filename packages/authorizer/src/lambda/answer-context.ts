/** What the backend behind a gateway is told about a token: texts and numbers alone, and never the token. */
import { AuthorizerConfigError } from '../config-error.ts';
import type { LiveToken } from '../decision.ts';

/** Gateways hand it on as `requestContext.authorizer`, in HTTP APIs under `.lambda`. */
export type AnswerContext = {
  /** The client that holds the token. */
  client: string;
  jti: string;
  /** The scopes that the token has and that its client may use, joined by spaces. */
  scopes: string;
  kid: string;
  /** Epoch seconds from which on the token is not accepted. */
  exp: number;
};

export function answerContext({ client, jti, scopes, kid, expiresAt }: LiveToken): AnswerContext {
  return { client, jti, scopes: joined(scopes), kid, exp: expiresAt };
}

/** By list: the decisions about one token hand out the same one, frozen. */
const texts = new WeakMap<readonly string[], string>();

function joined(scopes: readonly string[]): string {
  const known = texts.get(scopes);
  if (known !== undefined) return known;
  const text = scopes.join(' ');
  if (Object.isFrozen(scopes)) texts.set(scopes, text);
  return text;
}

/** Which usage plan key a request counts against: one of the token's own names, or what a function makes of them. */
export type UsageIdentifierKey = 'client' | 'jti' | ((token: LiveToken) => string);

/** Throws `AuthorizerConfigError` where a function gives no key: API Gateway would count the request for nobody, or fail. */
export function usageKeyOf(choice: UsageIdentifierKey | undefined, token: LiveToken): string | undefined {
  if (typeof choice !== 'function') return choice && token[choice];
  const key: unknown = choice(token);
  if (typeof key === 'string' && key !== '') return key;
  throw new AuthorizerConfigError(
    'usageIdentifierKey',
    'is a function that did not return a string with characters in it',
  );
}
