/** What `doctor` asks of KMS: facts about keys, permission to sign, and which keys carry this environment's aliases. */
import { ListAliasesCommand, ListKeysCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import type { SigningAlg } from '../../jose/algorithms.ts';
import { AccessDeniedError, NotFoundError } from '../../ports/errors.ts';
import { describeKey, type KeyFacts } from './describe.ts';
import { requireKeyArn } from './key-arn.ts';
import { KEYS_TAG } from './provider.ts';
import { KmsRegions, type KmsTarget } from './regions.ts';
import { checkSigning } from './sign.ts';

export interface KeyAlias {
  readonly name: string;
  /** The key id that it points to; absent for an alias without a key. */
  readonly keyId?: string;
}

export interface KmsInspector {
  describe(ref: string): Promise<KeyFacts>;
  /** Resolves if the caller may sign with the key; throws what `sign` would. Signs nothing (`DryRun`). */
  canSign(ref: string, alg: SigningAlg): Promise<void>;
  /** The aliases below `alias/<base>/`, of all keys that this environment ever made and that were not deleted. */
  aliases(aliasBase: string): AsyncIterable<KeyAlias>;
  /**
   * The ARNs of keys that bear this environment's tag, which a key has from the moment it is made. Asks once for each
   * key of the account and Region but those in `known`.
   */
  tagged(aliasBase: string, known: ReadonlySet<string>): AsyncIterable<string>;
  region(): Promise<string>;
}

export function kmsInspector(target: KmsTarget): KmsInspector {
  const regions = new KmsRegions(target);
  return {
    describe: async (ref) => describeKey(await regions.of(requireKeyArn(ref).region), ref),
    canSign: async (ref, alg) => checkSigning(await regions.of(requireKeyArn(ref).region), ref, alg),
    aliases: (aliasBase) => aliasesBelow(regions, aliasBase),
    tagged: (aliasBase, known) => keysTagged(regions, aliasBase, known),
    region: () => regions.home.region(),
  };
}

/** KMS lists the aliases of the whole account; there is no way to ask for some. */
async function* aliasesBelow(regions: KmsRegions, aliasBase: string): AsyncGenerator<KeyAlias> {
  let marker: string | undefined;
  do {
    const input = { Limit: 100, Marker: marker };
    const page = await regions.home.run({ action: 'kms:ListAliases', resource: '*' }, (client, abortSignal) =>
      client.send(new ListAliasesCommand(input), { abortSignal }),
    );
    for (const { AliasName: name, TargetKeyId: keyId } of page.Aliases ?? []) {
      if (name?.startsWith(`${aliasBase}/`)) yield keyId === undefined ? { name } : { name, keyId };
    }
    marker = page.NextMarker;
  } while (marker !== undefined);
}

/** There is no way to ask KMS for the keys with a tag. */
async function* keysTagged(regions: KmsRegions, aliasBase: string, known: ReadonlySet<string>): AsyncGenerator<string> {
  let marker: string | undefined;
  do {
    const input = { Limit: 1_000, Marker: marker };
    // oxlint-disable-next-line no-await-in-loop -- where a page begins is known from the one before
    const page = await regions.home.run({ action: 'kms:ListKeys', resource: '*' }, (client, abortSignal) =>
      client.send(new ListKeysCommand(input), { abortSignal }),
    );
    for (const { KeyArn: arn } of page.Keys ?? []) {
      // oxlint-disable-next-line no-await-in-loop -- KMS allows few of these calls a second
      if (arn !== undefined && !known.has(arn) && (await tagOf(regions, arn)) === aliasBase) yield arn;
    }
    marker = page.NextMarker;
  } while (marker !== undefined);
}

/** Absent for keys that the caller may not look at, and for those that were deleted meanwhile: neither is one of ours. */
async function tagOf(regions: KmsRegions, arn: string): Promise<string | undefined> {
  try {
    const { Tags } = await regions.home.run({ action: 'kms:ListResourceTags', resource: arn }, (client, abortSignal) =>
      client.send(new ListResourceTagsCommand({ KeyId: arn }), { abortSignal }),
    );
    return Tags?.find(({ TagKey }) => TagKey === KEYS_TAG)?.TagValue;
  } catch (error) {
    if (error instanceof AccessDeniedError || error instanceof NotFoundError) return undefined;
    throw error;
  }
}
