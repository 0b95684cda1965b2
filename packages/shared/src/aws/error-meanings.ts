/** What each kind of AWS error means to a user of apikey: what happened, why, and how to mend it. */
import { ApikeyError, type ErrorDetails } from '../domain/errors.ts';
import { clockSkewError } from '../ports/clock-errors.ts';
import {
  AccessDeniedError,
  InvalidStateError,
  NotFoundError,
  ThrottledError,
  UnavailableError,
} from '../ports/errors.ts';
import { credentialsUnknown } from './credential-errors.ts';
import type { Scene } from './situation.ts';

/** The fact, in AWS's own names: what happened, at which call. */
function details({ vendor, action, region, cause }: Scene, more: ErrorDetails = {}): ErrorDetails {
  const where = region === undefined ? '' : ` in ${region}`;
  return { why: `${vendor.name} (${action}${where})`, cause, ...more };
}

function subjectOf({ action }: Scene): string {
  if (action.startsWith('sts:')) return 'the caller identity';
  if (action.startsWith('apigateway:')) return 'the API';
  if (action.startsWith('lambda:')) return 'the function';
  if (action.startsWith('secretsmanager:')) return 'the secret';
  if (action.startsWith('ssm:')) return 'the parameter';
  return action.startsWith('kms:') ? 'the signing key' : 'the registry';
}

export function accessDenied(scene: Scene): ApikeyError {
  const { vendor, action, resource, cause } = scene;
  return new AccessDeniedError('ACCESS_DENIED', `access to ${subjectOf(scene)} was denied`, {
    why: `${vendor.name}${vendor.caller === undefined ? '' : ` for ${vendor.caller}`} (${vendor.deniedAction ?? action} on ${resource})`,
    fix: 'attach the policy that `apikey iam` prints for this role; one that is new takes minutes to hold everywhere',
    cause,
  });
}

export function badSignature(scene: Scene): ApikeyError {
  const { vendor, cause } = scene;
  if (/expired|not yet current/i.test(vendor.message)) return clockSkewError(undefined, cause);
  if (!/scoped to a valid region/i.test(vendor.message)) return credentialsUnknown(vendor.name, cause);
  return new ApikeyError('CONFIG_INVALID', 'the AWS Region does not fit the endpoint', {
    ...details(scene),
    fix: 'set --region or AWS_REGION to the Region of the endpoint in AWS_ENDPOINT_URL',
  });
}

export function throttled(scene: Scene): ApikeyError {
  return new ThrottledError(`${subjectOf(scene)}: AWS limits the requests`, {
    ...details(scene),
    fix: 'try again in a moment; if it goes on, look at the quotas and limits of the account',
  });
}

export function noTable(scene: Scene): ApikeyError {
  const { resource, region, cause } = scene;
  return new NotFoundError('REGISTRY_NOT_FOUND', 'the environment has no registry yet', {
    why: `there is no usable table ${resource}${region === undefined ? '' : ` in ${region}`}`,
    fix: 'run `apikey init`, or check --env, --region and the account of the credentials',
    cause,
  });
}

export function tableBusy(scene: Scene): ApikeyError {
  return new UnavailableError('the table is being created or changed', {
    ...details(scene),
    fix: 'wait a minute and try again',
  });
}

/** Another transaction, or another Region of a global table, writes the same item: the call did nothing. */
export function itemBusy(scene: Scene): ApikeyError {
  return new UnavailableError(`${subjectOf(scene)} is being written by another process`, {
    ...details(scene),
    fix: 'try again in a moment',
  });
}

/** A request that AWS says is wrong was made by this program: a bug. */
export function refused(scene: Scene): ApikeyError {
  return new ApikeyError('INTERNAL', 'AWS refused a request of apikey as wrong', details(scene));
}

export function invalidRequest(scene: Scene): ApikeyError {
  const foreign = /key element|specified index|schema|key attribute|index key/i.test(scene.vendor.message);
  if (!foreign) return refused(scene);
  return new InvalidStateError('STORE_FOREIGN', 'the table is not one of apikey', {
    why: `${scene.resource} has other keys or lacks an index`,
    fix: 'run `apikey doctor`, which compares the table property by property',
    cause: scene.cause,
  });
}

export function noKey({ resource, region, cause }: Scene): ApikeyError {
  return new NotFoundError('KEY_NOT_FOUND', 'the signing key does not exist', {
    why: `there is no key ${resource}${region === undefined ? '' : ` in ${region}`}`,
    fix: 'check the Region and account, or create and activate another key',
    cause,
  });
}

export function wrongKeyState(scene: Scene): ApikeyError {
  return new InvalidStateError('WRONG_STATE', 'the signing key is disabled or pending deletion', {
    why: `${scene.vendor.name} for ${scene.resource} (${scene.action})`,
    fix: 'enable it again in KMS, or create and activate another key',
    cause: scene.cause,
  });
}

export function wrongKeyUsage(scene: Scene): ApikeyError {
  return new InvalidStateError('WRONG_STATE', 'the key is not one for this signature', {
    why: `${scene.vendor.name} for ${scene.resource} (${scene.action})`,
    fix: 'run `apikey doctor`, which compares the key ring with KMS',
    cause: scene.cause,
  });
}

export function unsupported(scene: Scene): ApikeyError {
  return new InvalidStateError('INVALID_ALG', 'KMS does not offer this algorithm here', {
    ...details(scene),
    fix: 'choose another with --alg, or another Region',
  });
}

/** An endpoint that stands in for AWS may lack calls. */
export function notOffered(scene: Scene): ApikeyError {
  return new ApikeyError('CONFIG_INVALID', 'the endpoint does not offer what apikey needs', {
    ...details(scene),
    fix: 'use AWS itself, or an emulator that knows the call, in AWS_ENDPOINT_URL',
  });
}

export function limitReached(scene: Scene): ApikeyError {
  return new UnavailableError('a quota of the AWS account is used up', {
    ...details(scene),
    code: 'STORE_FULL',
    fix: 'ask for a higher quota (Service Quotas)',
  });
}

export function strangeAnswer({ vendor, action, write, cause }: Scene): ApikeyError {
  return new UnavailableError('something answered that is not AWS', {
    why: `an answer without a meaning, HTTP ${vendor.status ?? 'unknown'} (${action})`,
    fix: 'check AWS_ENDPOINT_URL, and the proxy or sign-in page of your network',
    outcome: write ? 'unknown' : 'not_applied',
    cause,
  });
}

export function broken(scene: Scene): ApikeyError {
  const { write, vendor } = scene;
  const { why, cause } = details(scene);
  return new UnavailableError(`${subjectOf(scene)} is not available`, {
    why: vendor.status === undefined ? (why ?? '') : `${why ?? ''}, HTTP ${vendor.status}`,
    cause,
    outcome: write ? 'unknown' : 'not_applied',
    fix: 'try again; https://health.aws.amazon.com shows disturbances',
  });
}
