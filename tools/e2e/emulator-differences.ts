/** Where the emulator does otherwise than AWS documents. AWS is right: what is put straight here is the test's affair. */
import { emulatorCall } from './emulator-calls.ts';

/** CloudFormation takes alarms on several metrics; the emulator refuses them, so that they stay out here. */
export function withoutMetricMath(template: string): string {
  const alarm = / {2}\w+:\n {4}Type: AWS::CloudWatch::Alarm\n(?: {4}.*\n|\n)*? {6}Metrics:\n(?: {4}.*\n|\n)*/gm;
  return template.replaceAll(alarm, '');
}

/**
 * A table's index is ACTIVE once its stack is complete. The emulator's CloudFormation gives it no status at all, and
 * `apikey init` would wait for it; one made by UpdateTable has its status.
 */
export async function remakeIndex(endpoint: string, table: string): Promise<void> {
  const described: unknown = JSON.parse(await dynamo(endpoint, 'DescribeTable', { TableName: table }));
  const { AttributeDefinitions, GlobalSecondaryIndexes } = Object(Object(described).Table);
  const indexes: readonly unknown[] = Array.isArray(GlobalSecondaryIndexes) ? GlobalSecondaryIndexes : [];
  for (const index of indexes) {
    const { IndexName, KeySchema, Projection } = Object(index);
    await dynamo(endpoint, 'UpdateTable', {
      TableName: table,
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }],
    });
    await dynamo(endpoint, 'UpdateTable', {
      TableName: table,
      AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [{ Create: { IndexName, KeySchema, Projection } }],
    });
  }
}

/**
 * An authorizer of an HTTP API that is made without identity sources has none, and its function is asked about every
 * request. The emulator's CloudFormation gives it the Authorization header, as the API does for JWT authorizers.
 */
export async function dropIdentitySources(endpoint: string, httpApi: string): Promise<void> {
  const url = `${endpoint}/v2/apis/${httpApi}/authorizers`;
  const { items }: { readonly items?: unknown } = Object(JSON.parse(await emulatorCall(url, 'apigateway', {})));
  const authorizers: readonly unknown[] = Array.isArray(items) ? items : [];
  for (const authorizer of authorizers) {
    const { authorizerId } = Object(authorizer);
    await emulatorCall(`${url}/${authorizerId}`, 'apigateway', json('PATCH', { identitySource: [] }));
  }
}

function dynamo(endpoint: string, operation: string, input: object): Promise<string> {
  const { method, body } = json('POST', input);
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` };
  return emulatorCall(endpoint, 'dynamodb', { method, body, headers });
}

function json(method: string, body: object): { method: string; body: string; headers: Record<string, string> } {
  return { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
