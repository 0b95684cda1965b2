/** The one table of AWS errors by name. Vendor texts stay in `cause`; their names are shown. */
import { ApikeyError } from '../domain/errors.ts';
import { clockSkewError } from '../ports/clock-errors.ts';
import { AttemptTimeout } from './attempts.ts';
import {
  credentialsExpired,
  credentialsMissing,
  credentialsUnknown,
  isCredentialError,
  isSsoError,
} from './credential-errors.ts';
import {
  accessDenied,
  badSignature,
  broken,
  invalidRequest,
  itemBusy,
  limitReached,
  noKey,
  noTable,
  notOffered,
  refused,
  strangeAnswer,
  tableBusy,
  throttled,
  unsupported,
  wrongKeyState,
  wrongKeyUsage,
} from './error-meanings.ts';
import type { Scene, Situation } from './situation.ts';
import { isUnsent, unreachable } from './transport-errors.ts';
import { readVendorError, type VendorError } from './vendor-error.ts';

type Meaning = (scene: Scene) => ApikeyError;

const MEANINGS: readonly (readonly [names: readonly string[], meaning: Meaning])[] = [
  [['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation', 'NotAuthorized'], accessDenied],
  [['ExpiredTokenException', 'ExpiredToken'], ({ profile, cause }) => credentialsExpired(profile, cause)],
  [
    [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'MissingAuthenticationTokenException',
    ],
    ({ vendor, cause }) => credentialsUnknown(vendor.name, cause),
  ],
  [['InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignature'], badSignature],
  [['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'], ({ cause }) => clockSkewError(undefined, cause)],
  [
    [
      'ThrottlingException',
      'Throttling',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'ProvisionedThroughputExceededException',
      'RequestLimitExceeded',
      'TooManyRequestsException',
      'SlowDown',
      // The same transaction is still being worked on: asking again soon is what AWS advises.
      'TransactionInProgressException',
    ],
    throttled,
  ],
  [['ResourceNotFoundException', 'TableNotFoundException'], noTable],
  [['ResourceInUseException'], tableBusy],
  [['TransactionConflictException', 'ReplicatedWriteConflictException'], itemBusy],
  [['ValidationException'], invalidRequest],
  [['NotFoundException'], noKey],
  [['InvalidArnException'], noKey],
  [['DisabledException', 'KMSInvalidStateException'], wrongKeyState],
  [['InvalidKeyUsageException'], wrongKeyUsage],
  [['UnsupportedOperationException'], unsupported],
  [['LimitExceededException', 'ItemCollectionSizeLimitExceededException'], limitReached],
  [['UnknownOperationException'], notOffered],
  [
    [
      'InternalServerError',
      'InternalFailure',
      'ServiceUnavailable',
      'ServiceUnavailableException',
      'KMSInternalException',
      'DependencyTimeoutException',
      'KeyUnavailableException',
    ],
    broken,
  ],
];
const BY_NAME: ReadonlyMap<string, Meaning> = new Map(
  MEANINGS.flatMap(([names, meaning]) => names.map((name) => [name, meaning] as const)),
);

/** What to throw instead of an error of the AWS SDK. Port errors and mistakes of our own code come back as they are. */
export function translateAwsError(cause: unknown, situation: Situation): unknown {
  if (cause instanceof ApikeyError) return cause;
  const vendor = readVendorError(cause);
  const scene: Scene = { ...situation, vendor, cause };
  const { action, write, region, profile } = situation;
  if (isCredentialError(vendor)) {
    return isSsoError(vendor) ? credentialsExpired(profile, cause) : credentialsMissing(profile, cause);
  }
  const meaning = BY_NAME.get(vendor.name);
  if (meaning !== undefined) return meaning(scene);
  if (cause instanceof AttemptTimeout || isUnsent(vendor) || vendor.status === undefined) {
    // A TypeError without an answer is a mistake in this program, and its stack is what helps.
    if (cause instanceof TypeError && vendor.code === undefined) return cause;
    return unreachable({
      vendor,
      action,
      region,
      cause,
      outcome: write && !isUnsent(vendor) ? 'unknown' : 'not_applied',
    });
  }
  if (vendor.status === 429) return throttled(scene);
  if (isStranger(vendor)) return strangeAnswer(scene);
  if (vendor.status === 403) return accessDenied(scene);
  if (vendor.status >= 500 || vendor.status < 400) return broken(scene);
  return refused(scene);
}

/** Every answer of AWS names its error; the SDK calls what has no name unknown, and what is no JSON a syntax error. */
function isStranger({ name }: VendorError): boolean {
  return ['Unknown', 'UnknownError', 'Error', 'SyntaxError'].includes(name);
}
