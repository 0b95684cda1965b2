/** Which failures of one item of bulk work would meet every other item as well, so that the work ends there. */
import type { ErrorCode } from '../domain/errors.ts';

const EVERY_ITEM: ReadonlySet<ErrorCode> = new Set([
  'ACCESS_DENIED',
  'CREDENTIALS_MISSING',
  'KEY_PASSPHRASE',
  'KEY_DAMAGED',
  'KEY_PERMISSIONS',
  'KEY_NOT_FOUND',
  'NO_ACTIVE_KEY',
  'RING_NOT_FOUND',
  'REGISTRY_NOT_FOUND',
  'CLOCK_SKEW',
  'UNAVAILABLE',
  'THROTTLED',
  'STORE_FULL',
  'STORE_DAMAGED',
  'OUTPUT_FAILED',
]);

/** Where all tokens go to one place, and one registry that is reached or not, these are everybody's too. */
const ONE_PLACE: ReadonlySet<ErrorCode> = new Set(['DELIVERY_FAILED', 'ACTIVATION_FAILED', 'OUTCOME_UNKNOWN']);

/** Of work on items of any kind. */
export function meetsEveryItem(code: ErrorCode): boolean {
  return EVERY_ITEM.has(code);
}

/** Of a bulk issue. */
export function endsBulkIssue(code: ErrorCode): boolean {
  return EVERY_ITEM.has(code) || ONE_PLACE.has(code);
}
