/** What every AWS client of apikey is made with: where it talks to, and how long it waits. */

/** Region and credentials, where they differ from what the usual AWS chain finds. */
export interface AwsTarget {
  readonly region?: string;
  readonly profile?: string;
}

/** Limits of one call, in milliseconds. */
export interface Timing {
  /** For a connection to be made. */
  readonly connect: number;
  /** For one attempt: credentials, connection, answer. */
  readonly attempt: number;
  /** For all attempts and the pauses between them. */
  readonly budget: number;
  /** How often a call that got no answer is made; one that is throttled goes on until the budget is spent, unless this is 1. */
  readonly attempts: number;
}

/** For people and jobs: a service out of reach is reported well within ten seconds. */
export const INTERACTIVE: Timing = { connect: 1_500, attempt: 3_000, budget: 8_000, attempts: 3 };

/** For authorizers, which repeat a failed read themselves, inside of a second and a half. */
export const AUTHORIZER: Timing = { connect: 500, attempt: 1_000, budget: 1_000, attempts: 1 };

export interface ClientSettings extends AwsTarget {
  readonly maxAttempts: 1;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

/**
 * Constructor settings for a client of `@aws-sdk/*`. Never an `endpoint`: `AWS_ENDPOINT_URL` and its per-service forms
 * decide that. The SDK's own retries are off, since its pauses know neither a deadline nor an `AbortSignal`.
 */
export function clientSettings(target: AwsTarget, timing: Timing): ClientSettings {
  return {
    ...(target.region === undefined ? {} : { region: target.region }),
    ...(target.profile === undefined ? {} : { profile: target.profile }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timing.connect,
      requestTimeout: timing.attempt,
      throwOnRequestTimeout: true,
    },
  };
}

/** What is needed of a client to keep it from logging; every client of the SDK has it. */
export interface Logging {
  readonly middlewareStack: { removeByTag(tag: string): boolean };
}

/** For its log the SDK copies all that is sent and received, member by member, although nobody reads that log. */
export function withoutLog<C extends Logging>(client: C): C {
  client.middlewareStack.removeByTag('LOGGER');
  return client;
}
