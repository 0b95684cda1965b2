/** Tells the subscribers of a topic which tokens will expire: at 30, 14, 7 and 1 days, once each. */
import { notifyExpiring, type NotifyOutcome } from '@apikey/shared';
import { dynamoNotices, dynamoRegistry } from '@apikey/shared/dynamodb';
import { snsNotices } from '@apikey/shared/sns';
import { timeOf, type ScheduledEvent } from './scheduled-event.ts';
import { VariableReader, type Variables } from './variables.ts';

export interface NotifyResult {
  /** Tokens that were told of in this run. */
  readonly told: number;
}

/** @throws VariablesError */
export function notifyFunction(
  variables: Variables,
  write: (line: object) => void,
): (event: ScheduledEvent) => Promise<NotifyResult> {
  const reader = new VariableReader(variables);
  const table = reader.required('APIKEY_TABLE');
  const environment = reader.required('APIKEY_ENV');
  const topicArn = reader.required('APIKEY_TOPIC_ARN');
  reader.end();
  const registry = dynamoRegistry({ table });
  const notices = dynamoNotices({ table });
  const sender = snsNotices({ topicArn });
  return async (event) => {
    const now = timeOf(event, Date.now());
    const outcome = await notifyExpiring({ registry, notices, sender, environment, clock: { now: () => now } });
    write({ event: 'apikey.notified', environment, told: outcome.told, failed: outcome.failed });
    requireAll(outcome);
    return { told: outcome.told };
  };
}

/** Whatever could be told was told; that something could not makes the run fail, for alarms to ring and for the next try. */
function requireAll({ failed, errors }: NotifyOutcome): void {
  if (errors.length === 0) return;
  const what = failed > 0 ? `${failed} tokens could not be told of` : 'it could not be noted of all who was told';
  throw new AggregateError(errors, `${what}: ${messageOf(errors[0])}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
