/** Where a service of AWS is reached: by the variables that every SDK knows, or by the Region's own domain. */

type Environment = Readonly<Record<string, string | undefined>>;

/** The domains of a partition, by how the names of its Regions begin. */
const DOMAINS: readonly (readonly [prefix: string, domain: string, dualStack: string])[] = [
  ['cn-', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  ['us-iso-', 'c2s.ic.gov', 'api.aws.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov', 'api.aws.scloud'],
  ['eu-isoe-', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  ['eusc-', 'amazonaws.eu', 'api.amazonwebservices.eu'],
  ['', 'amazonaws.com', 'api.aws'],
];

/** Throws `TypeError` for a Region that cannot be part of a host name, and for an address that is none. */
export function endpointOf(service: 'dynamodb' | 'kms', region: string, environment: Environment): URL {
  const ignored = environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true';
  const own = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`];
  const configured = ignored ? '' : own || environment['AWS_ENDPOINT_URL'];
  if (configured) return new URL(configured);
  if (!/^[a-z0-9-]{1,63}$/.test(region)) throw new TypeError('AWS_REGION is not the name of a Region');
  const [, domain = '', dualStack = ''] = DOMAINS.find(([prefix]) => region.startsWith(prefix)) ?? [];
  const wide = environment['AWS_USE_DUALSTACK_ENDPOINT'] === 'true';
  // The endpoints of DynamoDB in GovCloud are FIPS endpoints under their usual names.
  const usual = service === 'dynamodb' && region.startsWith('us-gov-') && !wide;
  const fips = environment['AWS_USE_FIPS_ENDPOINT'] === 'true' && !usual ? '-fips' : '';
  return new URL(`https://${service}${fips}.${region}.${wide ? dualStack : domain}`);
}
