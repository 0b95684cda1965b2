/** What a call on the wire needs to be allowed, by the service authorization reference. */
import type { Need } from './evaluate.ts';

/** What KMS knows of a key at the moment of a call. */
export interface KeyFacts {
  readonly arn: string;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Account {
  readonly region: string;
  readonly account: string;
  /** By ARN, key id or alias. */
  readonly key: (id: string) => Promise<KeyFacts>;
}

type Attributes = Readonly<Record<string, { readonly S?: string }>>;

interface Write {
  readonly TableName: string;
  readonly Item?: Attributes;
  readonly Key?: Attributes;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
}

/** The members of the requests that matter here. */
interface Request extends Partial<Write> {
  readonly IndexName?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S: string }>>;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>;
  readonly TransactItems?: readonly Readonly<Record<string, Write>>[];
  readonly KeyId?: string;
  readonly TargetKeyId?: string;
  readonly AliasName?: string;
  readonly KeyUsage?: string;
  readonly SigningAlgorithm?: string;
  readonly MessageType?: string;
  readonly Tags?: readonly { readonly TagKey?: string; readonly TagValue?: string; readonly Key?: string }[];
}

const TRANSACTED: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** What a call of DynamoDB, KMS or CloudTrail needs. */
export async function needsOf(operation: string, body: string, account: Account): Promise<Need[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the SDK sent
  const request = JSON.parse(body) as Request;
  if (operation === 'LookupEvents') return [{ action: 'cloudtrail:LookupEvents', resource: '*', context: {} }];
  return request.TableName !== undefined || request.RequestItems !== undefined || request.TransactItems !== undefined
    ? tableNeeds(operation, request, account)
    : keyNeeds(operation, request, account);
}

function tableNeeds(operation: string, request: Request, { region, account }: Account): Need[] {
  const arn = (table: string): string => `arn:aws:dynamodb:${region}:${account}:table/${table}`;
  const need = (action: string, table: string, context: Need['context'] = {}): Need => ({
    action: `dynamodb:${action}`,
    resource: arn(table),
    context,
  });
  const { TableName: table = '', TransactItems, RequestItems, IndexName, Tags } = request;
  // "Permissions for Put, Update, Delete, and Get actions are governed by the permissions used for the underlying operations."
  if (TransactItems !== undefined) {
    const enclosed = { 'dynamodb:EnclosingOperation': [operation] };
    return TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, write]) =>
        need(TRANSACTED[kind] ?? kind, write.TableName, { ...writeContext(write), ...enclosed }),
      ),
    );
  }
  if (RequestItems !== undefined) {
    return Object.entries(RequestItems).map(([name, { Keys }]) => need('BatchGetItem', name, leadingKeys(Keys)));
  }
  if (operation === 'Query') {
    const partition = request.ExpressionAttributeValues?.[':partition']?.S ?? '';
    const asked = need('Query', table, { 'dynamodb:LeadingKeys': [partition] });
    return [IndexName === undefined ? asked : { ...asked, resource: `${asked.resource}/index/${IndexName}` }];
  }
  const writes = operation === 'PutItem' || operation === 'UpdateItem' || operation === 'DeleteItem';
  const { Key, Item } = request;
  const reads = Key === undefined && Item === undefined ? {} : leadingKeys([Key ?? Item ?? {}]);
  const own = need(operation, table, writes ? writeContext({ ...request, TableName: table }) : reads);
  return Tags === undefined ? [own] : [own, need('TagResource', table)];
}

function leadingKeys(keys: readonly Attributes[]): Need['context'] {
  return { 'dynamodb:LeadingKeys': keys.flatMap(({ pk }) => pk?.S ?? []) };
}

/** Attributes "can be read, written, or evaluated in a conditional write": keys and conditions count. */
function writeContext({ Item, Key, ExpressionAttributeNames = {}, ...expressions }: Write): Need['context'] {
  const { UpdateExpression = '', ConditionExpression = '' } = expressions;
  const words = `${UpdateExpression} ${ConditionExpression}`.match(/[#:]?\w+/g) ?? [];
  const named = words.filter((word) => word.startsWith('#')).map((word) => ExpressionAttributeNames[word] ?? word);
  const plain = words.filter((word) => /^(?:pk|sk)$/.test(word));
  const attributes = new Set([...Object.keys(Item ?? Key ?? {}), ...named, ...plain]);
  return { ...leadingKeys([Item ?? Key ?? {}]), 'dynamodb:Attributes': [...attributes].toSorted() };
}

async function keyNeeds(operation: string, request: Request, { region, account, key }: Account): Promise<Need[]> {
  const action = `kms:${operation}`;
  const { KeyId, TargetKeyId, AliasName, KeyUsage, Tags = [], SigningAlgorithm, MessageType } = request;
  const ofKey = async (id: string): Promise<Need> => {
    const { arn, aliases, tags } = await key(id);
    return {
      action,
      resource: arn,
      context: {
        'kms:KeyUsage': ['SIGN_VERIFY'],
        ...(aliases.length === 0 ? {} : { 'kms:ResourceAliases': aliases }),
        ...(id.startsWith('alias/') ? { 'kms:RequestAlias': [id] } : {}),
        ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:ResourceTag/${name}`, [value]])),
        ...(SigningAlgorithm === undefined ? {} : { 'kms:SigningAlgorithm': [SigningAlgorithm] }),
        ...(MessageType === undefined ? {} : { 'kms:MessageType': [MessageType] }),
      },
    };
  };
  if (operation === 'CreateKey') {
    const tags = {
      ...Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, [TagValue ?? '']])),
      'aws:TagKeys': Tags.map(({ TagKey = '' }) => TagKey),
    };
    // What AWS says of a denial names no key: there is none yet.
    return [
      { action, resource: '*', context: { ...tags, 'kms:KeyUsage': [KeyUsage ?? ''] } },
      { action: 'kms:TagResource', resource: '*', context: tags },
    ];
  }
  // "The principal needs kms:CreateAlias for the alias and for the associated KMS key."
  if (AliasName !== undefined && TargetKeyId !== undefined) {
    const alias = { action, resource: `arn:aws:kms:${region}:${account}:${AliasName}`, context: {} };
    return [alias, await ofKey(TargetKeyId)];
  }
  return KeyId === undefined ? [{ action, resource: '*', context: {} }] : [await ofKey(KeyId)];
}

/** What a call of Secrets Manager or Parameter Store needs. */
export function storeNeeds(service: 'secretsmanager' | 'ssm', operation: string, body: string): Need[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the SDK sent
  const { SecretId = '', Name = '' } = JSON.parse(body) as { readonly SecretId?: string; readonly Name?: string };
  const place = 'us-east-1:111122223333';
  const named = SecretId.startsWith('arn:') ? SecretId : `arn:aws:secretsmanager:${place}:secret:${SecretId}-aB3dE6`;
  const parameter = `arn:aws:ssm:${place}:parameter${Name}`;
  const resource = operation === 'DescribeParameters' ? '*' : service === 'ssm' ? parameter : named;
  return [{ action: `${service}:${operation}`, resource, context: {} }];
}
