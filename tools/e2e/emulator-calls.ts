/**
 * Calls by which the suite sets up the emulator that are not worth a client of their own, as plain HTTP. Nothing is signed: the emulator verifies no
 * signature, and reads from the credential scope which service is meant.
 */

/** Puts an object into a bucket, which is made if need be. */
export async function putObject(endpoint: string, bucket: string, key: string, body: Uint8Array): Promise<void> {
  await emulatorCall(`${endpoint}/${bucket}`, 's3', { method: 'PUT' });
  await emulatorCall(`${endpoint}/${bucket}/${key}`, 's3', { method: 'PUT', body: Buffer.from(body) });
}

/** Adds variables to those that a function has. */
export async function addFunctionVariables(
  endpoint: string,
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const url = `${endpoint}/2015-03-31/functions/${name}/configuration`;
  const present: unknown = JSON.parse(await emulatorCall(url, 'lambda', {}));
  const body = JSON.stringify({ Environment: { Variables: { ...variablesOf(present), ...variables } } });
  await emulatorCall(url, 'lambda', { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
}

function variablesOf(configuration: unknown): object {
  const environment: unknown = Object(configuration).Environment;
  const variables: unknown = Object(environment).Variables;
  if (typeof variables === 'object' && variables !== null) return variables;
  throw new Error('the function has no variables');
}

/** The document of the policy whose name begins so; stacks add a part of their own. */
export async function policyDocument(endpoint: string, prefix: string): Promise<unknown> {
  const iam = (parameters: Record<string, string>): Promise<string> =>
    emulatorCall(endpoint, 'iam', {
      method: 'POST',
      body: new URLSearchParams({ Version: '2010-05-08', ...parameters }),
    });
  const all = await iam({ Action: 'ListPolicies', Scope: 'Local', MaxItems: '1000' });
  const arns = [...all.matchAll(/<Arn>([^<]+)<\/Arn>/g)].map(([, arn = '']) => arn);
  const PolicyArn = arns.find((arn) => arn.split('/').at(-1)?.toLowerCase().startsWith(prefix)) ?? '';
  const version = await iam({ Action: 'GetPolicyVersion', PolicyArn, VersionId: 'v1' });
  return JSON.parse(decodeURIComponent(/<Document>([^<]+)<\/Document>/.exec(version)?.[1] ?? ''));
}

/** The attributes of an item, or none where there is no such item. */
export async function readItem(endpoint: string, TableName: string, pk: string, sk: string): Promise<object> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.GetItem' };
  const body = JSON.stringify({ TableName, Key: { pk: { S: pk }, sk: { S: sk } } });
  const answer: unknown = JSON.parse(await emulatorCall(endpoint, 'dynamodb', { method: 'POST', headers, body }));
  return Object(Object(answer).Item);
}

export async function emulatorCall(url: string, service: string, { headers, ...init }: RequestInit): Promise<string> {
  const scope = `test/20260101/us-east-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const answer = await fetch(url, {
    ...init,
    headers: { ...Object.fromEntries(new Headers(headers)), authorization },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Calls a function and waits for what it returns; throws what it threw. */
export async function invoke(endpoint: string, name: string, event: object): Promise<unknown> {
  const url = `${endpoint}/2015-03-31/functions/${name}/invocations`;
  const answer: unknown = JSON.parse(
    await emulatorCall(url, 'lambda', { method: 'POST', body: JSON.stringify(event) }),
  );
  const { errorMessage } = Object(answer);
  if (errorMessage !== undefined) throw new Error(String(errorMessage));
  return answer;
}

/** A queue that gets whatever is published to a topic. */
export class Subscriber {
  readonly #endpoint: string;
  #url = '';

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async subscribe(topic: string, name: string): Promise<void> {
    this.#url = String(Object(await this.#sqs('CreateQueue', { QueueName: name })).QueueUrl);
    const Endpoint = `arn:aws:sqs:us-east-1:111122223333:${name}`;
    await emulatorCall(this.#endpoint, 'sns', {
      method: 'POST',
      body: new URLSearchParams({
        Action: 'Subscribe',
        Version: '2010-03-31',
        TopicArn: topic,
        Protocol: 'sqs',
        Endpoint,
      }),
    });
  }

  /** All that have come since, as SNS wraps them. */
  async take(): Promise<{ readonly Subject: string; readonly Message: string; readonly MessageAttributes: object }[]> {
    const all = [];
    for (;;) {
      const answer = await this.#sqs('ReceiveMessage', { QueueUrl: this.#url, MaxNumberOfMessages: 10 });
      const messages: readonly { Body: string; ReceiptHandle: string }[] = Object(answer).Messages ?? [];
      if (messages.length === 0) return all;
      for (const { Body, ReceiptHandle } of messages) {
        all.push(JSON.parse(Body));
        await this.#sqs('DeleteMessage', { QueueUrl: this.#url, ReceiptHandle });
      }
    }
  }

  async #sqs(operation: string, input: object): Promise<unknown> {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` };
    const text = await emulatorCall(this.#endpoint, 'sqs', { method: 'POST', headers, body: JSON.stringify(input) });
    return text === '' ? undefined : JSON.parse(text);
  }
}
