/** A small IAM: what a call on the wire needs to be allowed, and whether a policy allows it. */
import type { Policy, Statement } from '../src/commands/iam/policy.ts';

/** One question that AWS would ask about one call. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys with their values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface Account {
  readonly region: string;
  readonly account: string;
  /** The aliases of each key, by its ARN, as KMS knows them when the call is made. */
  readonly aliases: (keyArn: string) => readonly string[];
}

interface Attributes {
  readonly pk?: { readonly S: string };
}
/** The members of the requests that matter here. */
interface Request {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly Key?: Attributes;
  readonly Item?: Attributes;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S: string }>>;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>;
  readonly TransactItems?: readonly { readonly Put: { readonly TableName: string; readonly Item: Attributes } }[];
  readonly KeyId?: string;
  readonly TargetKeyId?: string;
  readonly AliasName?: string;
  readonly KeyUsage?: string;
  readonly Tags?: readonly { readonly TagKey?: string; readonly TagValue?: string }[];
}

/** What a call of DynamoDB or KMS needs, by the service authorization reference. */
export function needsOf(operation: string, body: string, account: Account): Need[] {
  const request = JSON.parse(body) as Request;
  if (operation === 'LookupEvents') return [{ action: 'cloudtrail:LookupEvents', resource: '*', context: {} }];
  return request.TableName !== undefined || request.RequestItems !== undefined || request.TransactItems !== undefined
    ? tableNeeds(operation, request, account)
    : keyNeeds(operation, request, account);
}

function tableNeeds(operation: string, request: Request, { region, account }: Account): Need[] {
  const arn = (table: string): string => `arn:aws:dynamodb:${region}:${account}:table/${table}`;
  const need = (action: string, table: string, keys: readonly (Attributes | undefined)[] = []): Need => {
    const leading = keys.flatMap((key) => (key?.pk === undefined ? [] : [key.pk.S]));
    const context: Need['context'] = leading.length === 0 ? {} : { 'dynamodb:LeadingKeys': leading };
    return { action: `dynamodb:${action}`, resource: arn(table), context };
  };
  const { TableName: table = '', TransactItems, RequestItems, IndexName, Key, Item, Tags } = request;
  // "Permissions for Put, Update, Delete, and Get actions are governed by the permissions used for the underlying operations."
  if (TransactItems !== undefined) return TransactItems.map(({ Put }) => need('PutItem', Put.TableName, [Put.Item]));
  if (RequestItems !== undefined) {
    return Object.entries(RequestItems).map(([name, { Keys }]) => need('BatchGetItem', name, Keys));
  }
  if (operation === 'Query') {
    const partition = request.ExpressionAttributeValues?.[':partition']?.S ?? '';
    const asked = need('Query', table, [{ pk: { S: partition } }]);
    return [IndexName === undefined ? asked : { ...asked, resource: `${asked.resource}/index/${IndexName}` }];
  }
  const own = need(operation, table, [Key, Item]);
  return Tags === undefined ? [own] : [own, need('TagResource', table)];
}

function keyNeeds(operation: string, request: Request, { region, account, aliases }: Account): Need[] {
  const action = `kms:${operation}`;
  const { KeyId, TargetKeyId, AliasName, KeyUsage, Tags = [] } = request;
  const ofKey = (arn: string): Need => ({
    action,
    resource: arn,
    context: { 'kms:ResourceAliases': aliases(arn), 'kms:KeyUsage': ['SIGN_VERIFY'] },
  });
  if (operation === 'CreateKey') {
    const tags = Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, [TagValue ?? '']]));
    const resource = `arn:aws:kms:${region}:${account}:key/*`;
    return [
      { action, resource: '*', context: { ...tags, 'kms:KeyUsage': [KeyUsage ?? ''] } },
      { action: 'kms:TagResource', resource, context: tags },
    ];
  }
  // "The principal needs kms:CreateAlias for the alias and for the associated KMS key."
  if (AliasName !== undefined && TargetKeyId !== undefined) {
    return [{ action, resource: `arn:aws:kms:${region}:${account}:${AliasName}`, context: {} }, ofKey(TargetKeyId)];
  }
  return KeyId === undefined ? [{ action, resource: '*', context: {} }] : [ofKey(KeyId)];
}

export function allows({ Statement: statements }: Policy, need: Need): boolean {
  const matching = statements.filter((statement) => matches(statement, need));
  return matching.length > 0 && matching.every(({ Effect }) => Effect === 'Allow');
}

/** The statements that say something about this need. */
export function matches(statement: Statement, { action, resource, context }: Need): boolean {
  const resources = [statement.Resource].flat();
  return (
    statement.Action.includes(action) &&
    resources.some((pattern) => like(resource, pattern)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key] ?? [], [wanted].flat())),
    )
  );
}

function holds(operator: string, values: readonly string[], wanted: readonly string[]): boolean {
  const known = (value: string): boolean => wanted.some((pattern) => like(value, pattern));
  switch (operator) {
    case 'ForAllValues:StringLike':
      return values.every(known);
    case 'ForAnyValue:StringLike':
      return values.some(known);
    case 'StringEquals':
      return values.some((value) => wanted.includes(value));
    case 'ArnNotLike':
      return !values.some(known);
    default:
      throw new TypeError(`no rule for ${operator}`);
  }
}

/** What a call of Secrets Manager or Parameter Store needs. */
export function storeNeeds(service: 'secretsmanager' | 'ssm', operation: string, body: string): Need[] {
  const { SecretId = '', Name = '' } = JSON.parse(body) as { readonly SecretId?: string; readonly Name?: string };
  const place = 'us-east-1:111122223333';
  const named = SecretId.startsWith('arn:') ? SecretId : `arn:aws:secretsmanager:${place}:secret:${SecretId}-aB3dE6`;
  const parameter = `arn:aws:ssm:${place}:parameter${Name}`;
  const resource = operation === 'DescribeParameters' ? '*' : service === 'ssm' ? parameter : named;
  return [{ action: `${service}:${operation}`, resource, context: {} }];
}

/** `*` stands for any characters, slashes included, and `?` for one. */
function like(value: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.'));
  return new RegExp(`^${parts.join('.*')}$`).test(value);
}
