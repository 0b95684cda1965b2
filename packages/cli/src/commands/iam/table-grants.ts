/** What roles may do with the table of an environment: items by the kinds of their partition keys. */
import { allow, tableArn, type Grant, type Place, type Statement } from './policy.ts';

const INDEX = 'by-time';

/** Kinds of items, as their partition keys begin (docs/aws.md lists them). */
export type ItemKind =
  | 'CLIENT'
  | 'JTI'
  | 'RING'
  | 'EVENTS#CLIENT'
  | 'EVENTS#RING'
  | 'REQUEST'
  | 'BUCKETS'
  | 'SEALS'
  | 'USAGE';

/** Reading everything: what people do who list, show and verify. */
export function readRegistry(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'ReadRegistry',
      'reads tokens, clients, the key ring and events, by key and by the index; it never scans',
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'],
      [arn, `${arn}/index/${INDEX}`],
    ),
  ]);
}

/** For authorizers: nothing but the items that a decision rests on, and those by primary key. */
export function readStatus(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'ReadClientsTokensAndKeyRing',
      'reads the token record, its client and the key ring by primary key, and nothing else of the table',
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem'],
      arn,
      leadingKeys(['CLIENT', 'RING']),
    ),
  ]);
}

/** For those who seal: where every chain stands, and no record or event. */
export function readHeads(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'ReadHeadsOfChains',
      'reads the key rings by primary key and the list of clients from the index, and nothing else of the table',
      ['dynamodb:GetItem', 'dynamodb:Query'],
      [arn, `${arn}/index/${INDEX}`],
      keysLike(['RING#*', 'CLIENTS']),
    ),
  ]);
}

/** Items that a role adds. DynamoDB cannot tell a new item from one that is replaced: a put may write any attribute. */
export function addItems(place: Place, reason: string, kinds: readonly ItemKind[]): Grant[] {
  return onTable(place, (arn) => [allow('AddItems', reason, ['dynamodb:PutItem'], arn, leadingKeys(kinds))]);
}

/** An update of a client, a token record or a key ring, by the attributes that a role may change. */
export function changeItems(place: Place, what: ItemChange): Grant[] {
  const { sid, reason, kinds, attributes } = what;
  return onTable(place, (arn) => [
    allow(sid, reason, ['dynamodb:UpdateItem'], arn, {
      ...leadingKeys(kinds),
      // The key of the item and the attributes of a condition count as well.
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': [...KEY_ATTRIBUTES, ...HEAD_ATTRIBUTES, ...attributes] },
      Null: { 'dynamodb:Attributes': 'false', 'dynamodb:LeadingKeys': 'false' },
    }),
  ]);
}

export interface ItemChange {
  readonly sid: string;
  readonly reason: string;
  readonly kinds: readonly ('CLIENT' | 'RING')[];
  /** Without the keys of the item, and without the version and head that every change moves. */
  readonly attributes: readonly string[];
}

const KEY_ATTRIBUTES = ['pk', 'sk'];
const HEAD_ATTRIBUTES = ['version', 'eventSeq', 'eventHash'];

/** What ends a token, or all those of a client. Clients and their token records share a partition, and so their names. */
export const ENDING_ATTRIBUTES: readonly string[] = ['state', 'epoch', 'revokedAt', 'revokedBy', 'reason'];
/** What activating, rotating and preparing anew change in a record, and `clients set` in a client. */
export const ISSUING_ATTRIBUTES: readonly string[] = [
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
  'scopes',
  'cidrs',
  'contact',
  'owner',
  'purpose',
  'maxTtl',
];

export function trackUsage(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'TrackUsage',
      'records when a token was last used, and can write nothing else',
      ['dynamodb:PutItem'],
      arn,
      leadingKeys(['USAGE']),
    ),
  ]);
}

const DESCRIBE = ['dynamodb:DescribeContinuousBackups', 'dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive'];

export function describeTable(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow('DescribeTable', 'lets `apikey doctor` look at the table, its expiry and its backups', DESCRIBE, arn),
  ]);
}

export function setUpTable(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'SetUpTable',
      'lets `apikey init` make the table of this name, with tags, expiry and backups, and look at it; it cannot delete it',
      [
        'dynamodb:CreateTable',
        ...DESCRIBE,
        'dynamodb:TagResource',
        'dynamodb:UpdateContinuousBackups',
        'dynamodb:UpdateTimeToLive',
      ],
      arn,
    ),
  ]);
}

/** Every partition key of a request has to be of one of these kinds. */
function leadingKeys(kinds: readonly ItemKind[]): NonNullable<Statement['Condition']> {
  return keysLike(kinds.map((kind) => `${kind}#*`));
}

/** `ForAllValues` alone holds for a request without the key. */
function keysLike(patterns: readonly string[]): NonNullable<Statement['Condition']> {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}

function onTable(place: Place, grants: (arn: string) => Grant[]): Grant[] {
  return place.table === undefined ? [] : grants(tableArn(place, place.table));
}
