/** What no command of a role calls, and its policy must deny: by kind of item, attribute, key, tag and absent condition key. */
import type { Need } from '../../../tools/iam/evaluate.ts';
import type { Role } from '../src/commands/iam/roles.ts';

const PLACE = 'us-east-1:111122223333';
export const TABLE: string = `arn:aws:dynamodb:${PLACE}:table/TABLE`;
const BY_TIME = `${TABLE}/index/by-time`;
const KEY = `arn:aws:kms:${PLACE}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const REPLICA = `arn:aws:kms:${PLACE}:key/mrk-1234abcd12ab34cd56ef1234567890ab`;
const NEW_KEY = '*';

/** A partition key of each kind of item, and some that are only almost one. */
const PARTITIONS = [
  'CLIENT#partner',
  'JTI#1',
  'REQUEST#1',
  'EVENTS#CLIENT#partner',
  'EVENTS#RING#main',
  'EVENTS#RING#seal',
  'RING#main',
  'RING#seal',
  'BUCKETS#EVENTS',
  'SEALS#LIST',
  'USAGE#1',
  'NOTICE#1',
  'CLIENT',
  'CLIENTS',
  'client#partner',
  'XCLIENT#partner',
  'EVENTS#',
  'RINGS#main',
  'OTHER#1',
];

/** Every attribute of clients, token records and rings, and what a later version may add. */
const ATTRIBUTES = [
  'id',
  'state',
  'epoch',
  'scopes',
  'cidrs',
  'contact',
  'owner',
  'purpose',
  'maxTtl',
  'createdAt',
  'version',
  'eventSeq',
  'eventHash',
  'jti',
  'client',
  'kid',
  'iat',
  'exp',
  'liveUntil',
  'aud',
  'payloadSha256',
  'iss',
  'nbf',
  'note',
  'replaces',
  'replacedBy',
  'grace',
  'issuedBy',
  'requestId',
  'kmsRequestId',
  'grantSeq',
  'regrantSeq',
  'revokedAt',
  'revokedBy',
  'reason',
  'bucket',
  'position',
  'ttl',
  'keys',
  'name',
  'somethingNew',
];
const HEAD = ['pk', 'sk', 'version', 'eventSeq', 'eventHash'];

interface Powers {
  /** Partitions that may be put into. */
  readonly put: readonly string[];
  /** Attributes that may be updated, by partition. */
  readonly update: Readonly<Record<string, readonly string[]>>;
  /** Partitions that may be read by key; absent = all. */
  readonly read?: readonly string[];
  readonly signs: 'tokens' | 'seals' | 'nothing';
}

const OF_CLIENT = ['scopes', 'cidrs', 'contact', 'owner', 'purpose', 'maxTtl'];
const OF_RECORD = [
  'state',
  'kid',
  'payloadSha256',
  'regrantSeq',
  'kmsRequestId',
  'replacedBy',
  'liveUntil',
  'bucket',
  'position',
  'revokedAt',
  'revokedBy',
  'reason',
];
const ENDING = ['state', 'epoch', 'revokedAt', 'revokedBy', 'reason'];

export const POWERS: Readonly<Record<Role, Powers>> = {
  issuer: {
    put: ['CLIENT#partner', 'JTI#1', 'REQUEST#1', 'EVENTS#CLIENT#partner', 'BUCKETS#EVENTS'],
    update: {
      'CLIENT#partner': [...OF_CLIENT, ...OF_RECORD],
    },
    signs: 'tokens',
  },
  revoker: {
    put: ['EVENTS#CLIENT#partner', 'EVENTS#RING#main', 'EVENTS#RING#seal', 'BUCKETS#EVENTS'],
    update: { 'CLIENT#partner': ENDING, 'RING#main': ['keys'], 'RING#seal': ['keys'] },
    signs: 'nothing',
  },
  auditor: { put: [], update: {}, signs: 'nothing' },
  authorizer: { put: ['USAGE#1'], update: {}, read: ['CLIENT#partner', 'RING#main', 'RING#seal'], signs: 'nothing' },
  sealer: { put: ['SEALS#LIST'], update: {}, read: ['RING#main', 'RING#seal', 'CLIENTS'], signs: 'seals' },
  admin: {
    put: ['RING#main', 'RING#seal', 'EVENTS#CLIENT#partner', 'EVENTS#RING#main', 'EVENTS#RING#seal', 'BUCKETS#EVENTS'],
    update: Object.fromEntries(
      ['CLIENT#partner', 'RING#main', 'RING#seal'].map((partition) => [partition, ['state', 'keys']]),
    ),
    signs: 'nothing',
  },
};

function need(action: string, resource: string, context: Need['context'] = {}): Need {
  return { action, resource, context };
}
function keys(...partitions: readonly string[]): Need['context'] {
  return { 'dynamodb:LeadingKeys': partitions };
}
function update(partition: string, ...attributes: readonly string[]): Need {
  return need('dynamodb:UpdateItem', TABLE, {
    ...keys(partition),
    'dynamodb:Attributes': [...new Set([...HEAD, ...attributes])],
  });
}

/** What a role may not write: all of it, with everything that it may write around it. */
function writes({ put, update: changes }: Powers): Need[] {
  const others = PARTITIONS.filter((partition) => !put.includes(partition));
  return [
    ...others.map((partition) => need('dynamodb:PutItem', TABLE, keys(partition))),
    ...put.slice(0, 1).flatMap((mine) => others.map((other) => need('dynamodb:PutItem', TABLE, keys(mine, other)))),
    ...PARTITIONS.flatMap((partition) => {
      const allowed = changes[partition];
      if (allowed === undefined) return [update(partition), update(partition, 'state'), update(partition, 'keys')];
      const denied = ATTRIBUTES.filter((name) => !HEAD.includes(name) && !allowed.includes(name));
      return denied.flatMap((name) => [update(partition, name), update(partition, ...allowed, name)]);
    }),
    ...PARTITIONS.flatMap((partition) =>
      ['DeleteItem', 'ConditionCheckItem', 'PartiQLUpdate', 'PartiQLInsert', 'PartiQLDelete'].map((action) =>
        need(`dynamodb:${action}`, TABLE, keys(partition)),
      ),
    ),
  ];
}

/** `ForAllValues` holds for a key that is absent: a policy must not. */
const WITHOUT_KEYS: readonly Need[] = [
  need('dynamodb:PutItem', TABLE),
  need('dynamodb:PutItem', TABLE, { 'dynamodb:Attributes': ['pk', 'sk'] }),
  need('dynamodb:UpdateItem', TABLE),
  need('dynamodb:UpdateItem', TABLE, keys('CLIENT#partner')),
  need('dynamodb:UpdateItem', TABLE, keys('RING#main')),
  need('dynamodb:UpdateItem', TABLE, { 'dynamodb:Attributes': [...HEAD, 'state'] }),
  need('dynamodb:UpdateItem', TABLE, { 'dynamodb:Attributes': [...HEAD, 'keys'] }),
  need('kms:Sign', KEY),
  need('kms:Sign', KEY, { 'kms:KeyUsage': ['SIGN_VERIFY'] }),
  need('kms:Sign', KEY, { 'kms:RequestAlias': ['alias/BASE/aKey'] }),
  need('kms:CreateKey', NEW_KEY),
  need('kms:CreateKey', NEW_KEY, { 'kms:KeyUsage': ['SIGN_VERIFY'] }),
  need('kms:CreateKey', NEW_KEY, { 'aws:RequestTag/apikey:keys': ['alias/BASE'] }),
  need('kms:CreateAlias', KEY),
  need('kms:CreateAlias', KEY, { 'kms:KeyUsage': ['SIGN_VERIFY'] }),
  need('kms:CreateAlias', KEY, { 'aws:ResourceTag/apikey:keys': ['alias/BASE'] }),
  need('kms:TagResource', NEW_KEY),
  need('kms:TagResource', KEY),
];

const OURS = { 'aws:RequestTag/apikey:keys': ['alias/BASE'] };
const THEIRS = { 'aws:ResourceTag/team': ['payments'], 'kms:KeyUsage': ['SIGN_VERIFY'] };

/** Keys of other teams and environments, and everything that would make one of them ours. */
const OTHER_KEYS: readonly Need[] = [
  ...[KEY, REPLICA].flatMap((key) => [
    need('kms:TagResource', key, OURS),
    need('kms:TagResource', key, { ...OURS, ...THEIRS }),
    need('kms:TagResource', key, { ...OURS, 'kms:ResourceAliases': ['alias/payments'] }),
    need('kms:TagResource', key, { ...OURS, 'aws:ResourceTag/apikey:keys': ['alias/BASE'] }),
    need('kms:TagResource', key, { 'aws:RequestTag/apikey:keys': ['alias/BASE-seal'] }),
    need('kms:UntagResource', key, { 'aws:ResourceTag/apikey:keys': ['alias/BASE'] }),
    need('kms:CreateAlias', key, THEIRS),
    need('kms:CreateAlias', key, { ...THEIRS, 'kms:ResourceAliases': ['alias/BASE/aKey'] }),
    need('kms:CreateAlias', key, { ...THEIRS, 'aws:ResourceTag/apikey:keys': ['alias/OTHER'] }),
    need('kms:CreateAlias', key, { ...THEIRS, 'aws:ResourceTag/apikey:keys': ['alias/BASE-staging'] }),
    need('kms:UpdateAlias', key, THEIRS),
    need('kms:Sign', key, { 'kms:ResourceAliases': ['alias/payments'] }),
    need('kms:Sign', key, { 'kms:ResourceAliases': ['alias/BASE'] }),
    need('kms:Sign', key, { 'kms:ResourceAliases': ['alias/BASE-staging/aKey'] }),
    need('kms:Sign', key, { ...THEIRS, 'kms:ResourceAliases': ['alias/xBASE/aKey', 'alias/base/aKey'] }),
  ]),
  need('kms:CreateAlias', `arn:aws:kms:${PLACE}:alias/payments`),
  need('kms:CreateAlias', `arn:aws:kms:${PLACE}:alias/BASE`),
  need('kms:CreateAlias', `arn:aws:kms:${PLACE}:alias/BASE-staging/aKey`),
  need('kms:UpdateAlias', `arn:aws:kms:${PLACE}:alias/BASE/aKey`),
  need('kms:DeleteAlias', `arn:aws:kms:${PLACE}:alias/BASE/aKey`),
  need('kms:CreateKey', NEW_KEY, { 'aws:RequestTag/apikey:keys': ['alias/OTHER'], 'kms:KeyUsage': ['SIGN_VERIFY'] }),
  need('kms:CreateKey', NEW_KEY, { ...OURS, 'kms:KeyUsage': ['ENCRYPT_DECRYPT'] }),
  need('kms:TagResource', NEW_KEY, { 'aws:RequestTag/apikey:keys': ['alias/OTHER'] }),
];

/** What nothing of apikey ever calls. */
const NEVER_CALLED: readonly Need[] = [
  ...['Scan', 'BatchWriteItem', 'DeleteTable', 'UpdateTable', 'CreateBackup', 'ExportTableToPointInTime'].map(
    (action) => need(`dynamodb:${action}`, TABLE),
  ),
  need('dynamodb:Scan', BY_TIME),
  need('dynamodb:PutResourcePolicy', TABLE),
  need('dynamodb:UntagResource', TABLE),
  ...['GetItem', 'PutItem', 'UpdateItem', 'Query'].map((action) =>
    need(`dynamodb:${action}`, `${TABLE}2`, { ...keys('CLIENT#partner') }),
  ),
  ...['PutKeyPolicy', 'CreateGrant', 'DisableKey', 'ScheduleKeyDeletion', 'EnableKey', 'ReplicateKey'].map((action) =>
    need(`kms:${action}`, KEY, { 'kms:ResourceAliases': ['alias/BASE/aKey', 'alias/BASE-seal/aKey'] }),
  ),
  need('iam:PassRole', 'arn:aws:iam::111122223333:role/other'),
  need('iam:AttachRolePolicy', 'arn:aws:iam::111122223333:role/other'),
  need('sts:AssumeRole', 'arn:aws:iam::111122223333:role/other'),
  need('ssm:PutParameter', `arn:aws:ssm:${PLACE}:parameter/a`),
  need('secretsmanager:PutSecretValue', `arn:aws:secretsmanager:${PLACE}:secret:a-aB3dE6`),
];

function signing({ signs }: Powers): Need[] {
  const [tokens, seals] = ['alias/BASE/aKey', 'alias/BASE-seal/aKey'].map((alias) =>
    need('kms:Sign', KEY, { 'kms:ResourceAliases': [alias] }),
  );
  return [signs === 'tokens' ? [] : [tokens], signs === 'seals' ? [] : [seals]].flat().filter((it) => it !== undefined);
}

function reading({ read }: Powers): Need[] {
  if (read === undefined) return [];
  const others = PARTITIONS.filter((partition) => !read.includes(partition));
  const byKey = (partition: string): Need[] => [
    need('dynamodb:GetItem', TABLE, keys(partition)),
    need('dynamodb:BatchGetItem', TABLE, keys('CLIENT#partner', partition)),
    need('dynamodb:Query', BY_TIME, keys(partition)),
  ];
  const withoutKeys = ['GetItem', 'BatchGetItem', 'Query'].map((action) => need(`dynamodb:${action}`, TABLE));
  return [...others.flatMap(byKey), ...withoutKeys, need('dynamodb:Query', BY_TIME)];
}

/** In addition to what none of them may do. */
const ROLE_DENIED: Readonly<Record<Role, readonly string[]>> = {
  issuer: ['kms:CreateKey', 'kms:CreateAlias', 'dynamodb:CreateTable', 'cloudtrail:LookupEvents', 'kms:ListKeys'],
  revoker: ['kms:CreateKey', 'kms:DescribeKey', 'dynamodb:CreateTable', 'dynamodb:DescribeTable', 'kms:ListKeys'],
  auditor: ['kms:CreateKey', 'kms:CreateAlias', 'dynamodb:CreateTable', 'dynamodb:UpdateTimeToLive', 'kms:ListKeys'],
  authorizer: ['dynamodb:DescribeTable', 'dynamodb:Query', 'kms:DescribeKey', 'kms:ListAliases', 'kms:CreateKey'],
  sealer: ['kms:CreateKey', 'kms:CreateAlias', 'dynamodb:CreateTable', 'dynamodb:DescribeTable', 'kms:ListAliases'],
  admin: ['cloudtrail:LookupEvents', 'dynamodb:DeleteTable', 'kms:UpdateAlias'],
};

function resourceOf(action: string): string {
  if (action.startsWith('dynamodb:')) return TABLE;
  return /:(?:List|Create|Look)/.test(action) && action !== 'kms:CreateAlias' ? '*' : KEY;
}

export function deniedTo(role: Role): Need[] {
  const powers = POWERS[role];
  const ofRole = ROLE_DENIED[role].map((action) =>
    need(
      action,
      resourceOf(action),
      action.startsWith('kms:Create') ? { ...(action === 'kms:CreateKey' ? OURS : {}) } : {},
    ),
  );
  return [
    ...writes(powers),
    ...WITHOUT_KEYS,
    ...OTHER_KEYS,
    ...NEVER_CALLED,
    ...signing(powers),
    ...reading(powers),
    ...ofRole,
  ];
}
