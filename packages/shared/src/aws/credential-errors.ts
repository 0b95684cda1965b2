/** Credentials that are missing, expired or unknown to AWS. */
import { AccessDeniedError } from '../ports/errors.ts';
import type { VendorError } from './vendor-error.ts';

/** Credential providers throw before anything is sent. Their texts differ by provider, their names do not. */
export function isCredentialError({ name }: VendorError): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError' || name === 'ProviderError';
}

/** Whether it is about a single sign-on session, which only its user can renew. */
export function isSsoError({ name, message }: VendorError): boolean {
  return name === 'TokenProviderError' || /\bsso\b/i.test(message);
}

export function credentialsMissing(profile: string | undefined, cause: unknown): AccessDeniedError {
  const why =
    profile === undefined
      ? 'neither the environment, nor a profile, nor this machine offers any'
      : `the profile ${profile} does not exist, or holds none that can be used`;
  return new AccessDeniedError('CREDENTIALS_MISSING', 'no AWS credentials were found', {
    why,
    fix:
      profile === undefined
        ? 'name a profile with --profile or AWS_PROFILE, or sign in first'
        : 'name another with --profile, or list them with: aws configure list-profiles',
    cause,
  });
}

export function credentialsExpired(profile: string | undefined, cause: unknown): AccessDeniedError {
  return new AccessDeniedError('CREDENTIALS_MISSING', 'the AWS credentials have expired', {
    why: profile === undefined ? 'their session is over' : `the session of the profile ${profile} is over`,
    fix: `sign in again, for single sign-on with: aws sso login${profile === undefined ? '' : ` --profile ${profile}`}`,
    cause,
  });
}

export function credentialsUnknown(name: string, cause: unknown): AccessDeniedError {
  return new AccessDeniedError('CREDENTIALS_MISSING', 'AWS does not accept the credentials', {
    why: `${name}: the access key is unknown or inactive, or its secret is wrong`,
    fix: 'check the account and partition that the credentials belong to, or make new ones',
    cause,
  });
}
