/** The key source on AWS: public halves of KMS keys, of those alone that the configuration of the authorizer allows. */
import type { PublicKeySource } from '@apikey/shared';
import { kmsPublicKeys } from '@apikey/shared/kms';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';

export interface KmsKeysOptions {
  /**
   * ARNs of the keys that may ever be trusted, like `arn:aws:kms:us-east-1:111122223333:key/*`; only the key id may be
   * `*` or `mrk-*`. There is no default: without a list, whoever can write the key ring could name a key of their own.
   */
  readonly allow: readonly string[];
  /** Where multi-Region keys are asked for first; by default the Region that the AWS SDK finds. */
  readonly region?: string | undefined;
}

/**
 * Public keys from KMS, fetched once each, with one attempt of at most a second. A key outside the list is never asked
 * for, whatever the key ring says; what is fetched must have the thumbprint that the ring calls it by, or the authorizer
 * faults. Its role needs what `apikey iam authorizer` prints.
 */
export function kmsKeys(options: KmsKeysOptions): PublicKeySource {
  refuseUnknown(options, ['allow', 'region'] satisfies (keyof KmsKeysOptions)[]);
  const { allow, region } = options;
  if (!Array.isArray(allow) || allow.length === 0 || !allow.every((arn) => typeof arn === 'string')) {
    throw new AuthorizerConfigError('allow', 'must name at least one key ARN: it says whose keys are trusted');
  }
  if (region !== undefined && (typeof region !== 'string' || region === '')) {
    throw new AuthorizerConfigError('region', 'must be the name of an AWS Region');
  }
  try {
    return kmsPublicKeys(region === undefined ? { allow } : { allow, region });
  } catch (cause) {
    // It names the pattern that allows too much.
    throw new AuthorizerConfigError(
      'allow',
      cause instanceof Error ? cause.message.replace(/^allow:? /, '') : 'is wrong',
      cause,
    );
  }
}
