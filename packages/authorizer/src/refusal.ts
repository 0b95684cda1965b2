/** Events and requests that a face refuses before anything is decided about their token; each is reported all the same. */

/** Each with one sentence for people. */
export const REFUSALS = {
  version: 'The event is of no payload format that this handler reads: not an event of this kind of API.',
  type: 'The event is not one that a gateway sends to a Lambda authorizer of this kind.',
  arn: 'The event names no method or route by an ARN of API Gateway.',
  path: 'The path of the route holds a character that only an encoded path may stand for.',
  stage: 'The event comes from a stage that `stages` does not name.',
  cache_key: 'The gateway would reuse the answer for requests that need another one: its identity sources are too few.',
  operation: 'The event asks for an operation, or a channel, that this handler has no rule for.',
  configuration: 'The options of the handler do not fit the event.',
} as const;

export type Refusal = keyof typeof REFUSALS;
