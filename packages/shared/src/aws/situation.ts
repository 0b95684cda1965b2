/** Where an error of AWS happened. */
import type { VendorError } from './vendor-error.ts';

/** A call, as far as the translation of its errors depends on it. */
export interface Situation {
  /** The call, written as IAM writes its actions: `dynamodb:GetItem`. */
  readonly action: `${'apigateway' | 'cloudtrail' | 'dynamodb' | 'kms' | 'lambda' | 'secretsmanager' | 'sns' | 'ssm' | 'sts'}:${string}`;
  /** What the call was about: a table's name, a key's ARN. */
  readonly resource: string;
  /** A call without an answer may have changed something. */
  readonly write: boolean;
  /** Absent where it could not be found out. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** A call and the error that it ended with. */
export interface Scene extends Situation {
  readonly vendor: VendorError;
  readonly cause: unknown;
}
