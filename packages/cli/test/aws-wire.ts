/** Calls of the emulator behind the back of the program: what admins do by hand in a console. It checks no signatures. */

const SERVICES = {
  dynamodb: { target: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0' },
  kms: { target: 'TrentService', type: 'application/x-amz-json-1.1' },
  secretsmanager: { target: 'secretsmanager', type: 'application/x-amz-json-1.1' },
  ssm: { target: 'AmazonSSM', type: 'application/x-amz-json-1.1' },
} as const;

/** What an operation answers; rejects with the error's name. */
export async function call<T>(
  endpoint: string,
  service: keyof typeof SERVICES,
  operation: string,
  input: object,
): Promise<T> {
  const { target, type } = SERVICES[service];
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': type,
      'x-amz-target': `${target}.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation}: ${text}`);
  return JSON.parse(text === '' ? '{}' : text) as T;
}
