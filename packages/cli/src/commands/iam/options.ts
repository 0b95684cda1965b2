/** What `apikey iam` was asked for: whose account, which Region, and who may break the glass. */
import { InvalidValueError } from '@apikey/shared';
import { sealAliases } from '../../backends/awskms.ts';
import { awsCaller } from '../../backends/caller.ts';
import { parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { variable } from '../../config/locate.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Io } from '../../io.ts';
import { parseStoreUri, type StoreUri } from '../../delivery/store-uri.ts';
import type { Place } from './policy.ts';

/** An IAM role; `*` is taken inside its name, for roles of single sign-on have a random part. */
const ROLE_ARN = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/*-]{1,512}$/;

export function parseBreakGlassRoles(flags: FlagValues): string[] {
  return flags.texts('breakGlassRole').map((arn) => parseFlag('--break-glass-role', arn, parseRoleArn));
}

export function parseStores(flags: FlagValues): StoreUri[] {
  return flags.texts('deliverTo').map((uri) => parseFlag('--deliver-to', uri, parseStoreUri));
}

/** Asks STS only for what nobody has said, so that a policy can be written without an account at hand. */
export async function findPlace(flags: FlagValues, settings: Settings, io: Io): Promise<Place> {
  const account = parseOptional('--account', flags.text('account'), parseAccount);
  const region = settings.aws.region ?? variable(io.env, 'AWS_REGION');
  const { registry, keys } = settings;
  const parts = {
    table: registry.scheme === 'dynamodb' ? registry.place : undefined,
    aliasBase: keys.scheme === 'awskms' ? keys.place : undefined,
    sealAliasBase: keys.scheme === 'awskms' ? await sealAliases(keys.place) : undefined,
  };
  const { partitionOf } = await import('@apikey/shared/aws');
  if (account !== undefined && region !== undefined) {
    return { partition: partitionOf(region), region, account, ...parts };
  }
  const caller = await awsCaller(settings, io);
  const partition = caller.arn.split(':')[1] ?? partitionOf(caller.region);
  return { partition, region: caller.region, account: account ?? caller.account, ...parts };
}

function parseAccount(text: string): string {
  if (/^[0-9]{12}$/.test(text)) return text;
  throw new InvalidValueError('INVALID_INPUT', 'this is not an AWS account', { why: 'expected 12 digits' });
}

function parseRoleArn(text: string): string {
  if (ROLE_ARN.test(text)) return text;
  throw new InvalidValueError('INVALID_INPUT', 'this is not the ARN of a role', {
    why: 'expected arn:aws:iam::<account>:role/<name>',
    fix: 'name the role itself, not a session of it (arn:aws:sts::...:assumed-role/...)',
  });
}
