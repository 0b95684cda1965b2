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
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['RING#*', 'CLIENTS'] } },
    ),
  ]);
}

/** Each write is a put; transactions need no permission of their own. */
export function writeItems(place: Place, reason: string, kinds: readonly ItemKind[]): Grant[] {
  return onTable(place, (arn) => [allow('WriteRecords', reason, ['dynamodb:PutItem'], arn, leadingKeys(kinds))]);
}

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

export function describeTable(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'DescribeTable',
      'lets `apikey doctor` look at the table, its expiry and its backups',
      ['dynamodb:DescribeContinuousBackups', 'dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive'],
      arn,
    ),
  ]);
}

export function setUpTable(place: Place): Grant[] {
  return onTable(place, (arn) => [
    allow(
      'SetUpTable',
      'lets `apikey init` make the table of this name, with tags, expiry and backups; it cannot delete it',
      ['dynamodb:CreateTable', 'dynamodb:TagResource', 'dynamodb:UpdateContinuousBackups', 'dynamodb:UpdateTimeToLive'],
      arn,
    ),
  ]);
}

/** Every partition key of a request has to be of one of these kinds. */
function leadingKeys(kinds: readonly ItemKind[]): NonNullable<Statement['Condition']> {
  return { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) } };
}

function onTable(place: Place, grants: (arn: string) => Grant[]): Grant[] {
  return place.table === undefined ? [] : grants(tableArn(place, place.table));
}
