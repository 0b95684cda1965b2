/** Every reason that a transaction may be cancelled for is retried or refused by its name, and none is a bug. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApikeyError } from '../../domain/errors.ts';
import { translateCancellation } from './commit-errors.ts';
import type { Expectation } from './commit-items.ts';

const EXPECTATIONS: readonly Expectation[] = ['version', 'request', 'token', 'chain'];

function cancelled(codes: readonly (string | undefined)[], message = 'Transaction cancelled'): Error {
  const CancellationReasons = codes.map((Code) => ({ Code, Message: 'a text of the vendor' }));
  return Object.assign(new Error(message), { name: 'TransactionCanceledException', CancellationReasons });
}

function translated(error: unknown): ApikeyError {
  const failure = translateCancellation(error, EXPECTATIONS);
  if (failure instanceof ApikeyError) return failure;
  throw new TypeError('it was not translated');
}

// What the API reference of TransactWriteItems lists, and names that global tables and other services use.
test.each([
  ['ConditionalCheckFailed', 'LOST_RACE'],
  ['DuplicateItem', 'LOST_RACE'],
  ['DuplicateItemException', 'LOST_RACE'],
  ['TransactionConflict', 'LOST_RACE'],
  ['TransactionConflictException', 'LOST_RACE'],
  ['ReplicatedWriteConflict', 'LOST_RACE'],
  ['ReplicatedWriteConflictException', 'LOST_RACE'],
  ['ThrottlingError', 'THROTTLED'],
  ['ThrottlingException', 'THROTTLED'],
  ['ProvisionedThroughputExceeded', 'THROTTLED'],
  ['ProvisionedThroughputExceededException', 'THROTTLED'],
  ['RequestLimitExceeded', 'THROTTLED'],
  ['ValidationError', 'STORE_REFUSED'],
  ['ValidationException', 'STORE_REFUSED'],
  ['ItemCollectionSizeLimitExceeded', 'STORE_REFUSED'],
  ['AccessDenied', 'ACCESS_DENIED'],
  ['AccessDeniedException', 'ACCESS_DENIED'],
  ['InternalServerError', 'UNAVAILABLE'],
  ['SomethingNew', 'UNAVAILABLE'],
  ['constructor', 'UNAVAILABLE'],
  ['__proto__', 'UNAVAILABLE'],
])('a transaction cancelled for %s is %s, wherever the reason stands', (reason, code) => {
  for (const at of EXPECTATIONS.keys()) {
    const codes = EXPECTATIONS.map((_, index) => (index === at ? reason : 'None'));
    const failure = translated(cancelled(codes));
    // An event that exists already is no race: the chain is longer than its head says.
    const damaged = code === 'LOST_RACE' && EXPECTATIONS[at] === 'chain' && !reason.includes('Conflict');
    expect([reason, failure.code]).toEqual([reason, damaged ? 'STORE_DAMAGED' : code]);
    if (!damaged) expect(failure.why).toContain(reason);
  }
});

test.each([
  ['nothing but None', cancelled(['None', 'None'])],
  ['an empty list', cancelled([])],
  ['reasons without codes', cancelled([undefined, undefined])],
  ['no list at all', Object.assign(new Error('cancelled'), { name: 'TransactionCanceledException' })],
])('a cancellation with %s may pass, and says that no reason was given', (_, error) => {
  expect(translated(error)).toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
    outcome: 'not_applied',
    why: 'TransactionCanceledException: no reason given (dynamodb:TransactWriteItems)',
  });
});

test('the reasons are read from the message where there is no list', () => {
  const message = 'Transaction cancelled, please refer cancellation reasons for specific reasons';
  expect(translated(cancelled([], `${message} [None, ConditionalCheckFailed]`))).toMatchObject({ subject: 'request' });
  expect(translated(cancelled([], `${message} [ValidationError]`))).toMatchObject({ code: 'STORE_REFUSED' });
});

test('whatever the reasons, the outcome is certain and never a bug, and shows no text of the vendor', () => {
  const names = fc.oneof(
    fc.constantFrom('None', 'ConditionalCheckFailed', 'ValidationError', 'ThrottlingError', 'TransactionConflict'),
    fc.string(),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(fc.array(names, { maxLength: 6 }), fc.string(), (codes, message) => {
      const failure = translated(cancelled(codes, message));
      expect(failure.kind).not.toBe('bug');
      expect(failure).not.toMatchObject({ outcome: 'unknown' });
      expect(`${failure.message} ${failure.why} ${failure.fix}`).not.toContain('a text of the vendor');
      expect(failure.why ?? '').toMatch(/^[\x20-\x7E]*$/);
    }),
  );
});

test('other errors are left to the common table', () => {
  for (const name of ['ThrottlingException', 'ValidationException', 'InternalServerError', 'None', '']) {
    expect(translateCancellation(Object.assign(new Error('x'), { name }), EXPECTATIONS)).toBeUndefined();
  }
});
