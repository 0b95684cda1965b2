/** The two flags that the AWS SDK is told of: which profile, which Region. */
import { InvalidValueError } from '@apikey/shared';

export interface AwsFlags {
  readonly profile?: string;
  readonly region?: string;
}

/** `us-east-1`, `us-gov-west-1`: it becomes a part of host names. */
const REGION = /^[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}$/;

export function parseAwsFlags(given: {
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
}): AwsFlags {
  const { profile, region } = given;
  if (profile === '')
    throw new InvalidValueError('INVALID_INPUT', '--profile names no profile', { why: 'it is empty' });
  if (region !== undefined && !REGION.test(region)) {
    throw new InvalidValueError('INVALID_INPUT', '--region names no AWS Region', {
      why: 'expected a name like us-east-1',
      fix: 'the Regions and their names: https://docs.aws.amazon.com/general/latest/gr/rande.html',
    });
  }
  return { ...(profile === undefined ? {} : { profile }), ...(region === undefined ? {} : { region }) };
}
