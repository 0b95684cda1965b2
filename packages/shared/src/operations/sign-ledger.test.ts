import { expect, it } from 'vitest';
import { SignLedger } from './sign-ledger.ts';

const KID = 'a'.repeat(43);
const call = (eventId: string, region: string, id: string) => ({
  requestId: `request-${eventId}`,
  eventId,
  at: 1_000,
  principal: 'arn:aws:sts::111122223333:assumed-role/dev/me',
  keyArn: `arn:aws:kms:${region}:111122223333:key/${id}`,
  signed: true,
});

it('takes a multi-Region key for the same key in every Region, and another key for another', () => {
  const ledger = new SignLedger(new Map([[KID, 'arn:aws:kms:us-east-1:111122223333:key/mrk-1']]));
  ledger.add(call('a', 'us-east-1', 'mrk-1'));
  ledger.add(call('b', 'eu-west-1', 'mrk-1'));
  ledger.add(call('c', 'us-east-1', 'mrk-2'));
  ledger.add({ at: 5_000 });
  expect(ledger.calls().map(({ eventId }) => eventId)).toEqual(['a', 'b']);
  expect(ledger.ignored.otherKeys).toBe(1);
  expect(ledger.span).toEqual({ from: 1_000, until: 5_000 });
});

it('takes a key of one Region for none in another', () => {
  const ledger = new SignLedger(new Map([[KID, 'arn:aws:kms:us-east-1:111122223333:key/one']]));
  ledger.add(call('a', 'eu-west-1', 'one'));
  expect(ledger.calls()).toEqual([]);
});

it('covers nothing while it is empty', () => {
  expect(new SignLedger(new Map()).span).toBeUndefined();
});

it('knows a key by its bare id, in whatever Region', () => {
  const arn = 'arn:aws:kms:us-east-1:111122223333:key/';
  const ledger = new SignLedger(new Map([[KID, `${arn}one`]]));
  ledger.add({ ...call('a', 'us-east-1', 'one'), keyArn: 'one' });
  ledger.add({ ...call('b', 'us-east-1', 'two'), keyArn: 'ne' });
  expect(ledger.calls().map(({ eventId, keyArn }) => [eventId, keyArn])).toEqual([['a', `${arn}one`]]);
});
