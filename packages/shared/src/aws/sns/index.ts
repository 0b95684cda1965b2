/** Tells people through an SNS topic, to which they subscribe. */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { NotFoundError } from '../../ports/errors.ts';
import type { NoticeSender } from '../../ports/notices.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { Session } from '../session.ts';
import { text } from '../vendor-error.ts';

/** What is needed of a client: any `SNSClient` is one. */
export type TopicClient = Pick<SNSClient, 'send' | 'destroy' | 'config'>;

export interface SnsNoticesOptions extends AwsTarget {
  readonly topicArn: string;
  readonly client?: TopicClient;
  readonly timing?: Timing;
}

/** Throws port errors; `NotFoundError` where the topic is gone. */
export function snsNotices(options: SnsNoticesOptions): NoticeSender {
  const { topicArn } = options;
  const session = new Session<TopicClient>((settings) => new SNSClient(settings), { timing: INTERACTIVE, ...options });
  return {
    send: async ({ subject, text: Message, attributes }) => {
      const input = {
        TopicArn: topicArn,
        Subject: subject,
        Message,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
        ),
      };
      await session.run(
        {
          action: 'sns:Publish',
          resource: topicArn,
          write: true,
          // The same message twice is worse than a run that is repeated: its notices are released and taken again.
          repeatable: false,
          translate: (cause) => (text(cause, 'name') === 'NotFoundException' ? gone(topicArn, cause) : undefined),
        },
        (client, abortSignal) => client.send(new PublishCommand(input), { abortSignal }),
      );
    },
  };
}

function gone(topicArn: string, cause: unknown): NotFoundError {
  return new NotFoundError('TOPIC_NOT_FOUND', 'there is no such SNS topic', {
    why: `${topicArn} does not exist`,
    fix: 'deploy the template again, or name another topic',
    cause,
  });
}
