/** What issuers may do with the secrets and parameters that they deliver tokens to. */
import type { StoreUri } from '../../delivery/store-uri.ts';
import { allow, type Grant, type Place } from './policy.ts';

/** What follows the name of a secret in its ARN: a hyphen and six characters that AWS makes up. */
const SECRET_TAIL = '-??????';
/** Begins the names of the parameters that wait for their turn. */
const STAGED = '.apikey-*';

export function deliverTo(place: Place, stores: readonly StoreUri[]): Grant[] {
  const secrets = stores.flatMap((store) =>
    store.scheme === 'secretsmanager' ? [secretArn(place, store.secret)] : [],
  );
  const paths = stores.flatMap((store) => (store.scheme === 'ssm' ? [parameterArn(place, store.path)] : []));
  return [
    ...(secrets.length === 0
      ? []
      : [
          allow(
            'DeliverToSecrets',
            'puts tokens into these secrets, keeps what else they hold, and moves AWSCURRENT; a customer-managed key of theirs needs kms:Decrypt and kms:GenerateDataKey as well',
            [
              'secretsmanager:DescribeSecret',
              'secretsmanager:GetSecretValue',
              'secretsmanager:PutSecretValue',
              'secretsmanager:UpdateSecretVersionStage',
            ],
            [...new Set(secrets)],
          ),
        ]),
    ...(paths.length === 0 ? [] : parameterGrants([...new Set(paths)])),
  ];
}

/** An earlier seal stays an earlier version: nothing has to be read or deleted. */
export function putSeals(place: Place, stores: readonly StoreUri[]): Grant[] {
  const arns = stores.flatMap((store) => (store.scheme === 'ssm' ? [parameterArn(place, store.path)] : []));
  if (arns.length === 0) return [];
  return [allow('PutSeals', 'puts copies of seals into these parameters', ['ssm:PutParameter'], [...new Set(arns)])];
}

function parameterGrants(arns: readonly string[]): Grant[] {
  return [
    allow(
      'DeliverToParameters',
      'writes tokens into these parameters, beside them first, and reads them back; a customer-managed key of theirs needs kms:Decrypt, kms:Encrypt and kms:GenerateDataKey as well',
      ['ssm:GetParameter', 'ssm:PutParameter'],
      arns.flatMap((arn) => [arn, arn + STAGED]),
    ),
    allow(
      'TidyParameters',
      'removes what was written beside a parameter; the parameter itself it cannot delete',
      ['ssm:DeleteParameter'],
      arns.map((arn) => arn + STAGED),
    ),
    allow(
      'DescribeParameters',
      'learns by which key a parameter is encrypted; "*", since AWS describes all parameters of an account or none',
      ['ssm:DescribeParameters'],
      '*',
    ),
  ];
}

function secretArn({ partition, region, account }: Place, secret: string): string {
  return secret.startsWith('arn:')
    ? secret
    : `arn:${partition}:secretsmanager:${region}:${account}:secret:${secret}${SECRET_TAIL}`;
}

function parameterArn({ partition, region, account }: Place, path: string): string {
  return `arn:${partition}:ssm:${region}:${account}:parameter${path}`;
}
