/** Whether policies find the keys of an environment, and whether KMS holds keys that no ring names. */
import { NotFoundError, type KeyRing, type RingKey } from '@apikey/shared';
import type { Caller } from '../../backends/caller.ts';
import type { KeyAlias, KmsInspection } from '../../backends/kms-inspection.ts';
import type { Settings } from '../../config/resolve.ts';
import { failed, finding, pass, unchecked, type Check } from './check.ts';
import { isUsable, KEEP, OUTSIDE } from './ring.ts';

/** What the checks of keys in KMS are about, and who makes them. */
export interface KmsScene {
  readonly ring: KeyRing;
  readonly caller: Caller;
  readonly settings: Settings;
  readonly kms: KmsInspection;
}

export async function checkAliases(scene: KmsScene): Promise<readonly Check[]> {
  const { ring, settings, kms } = scene;
  const aliases = await Array.fromAsync(kms.aliases(settings.keys.place));
  return [
    ...ring.keys.filter(isUsable).flatMap((key) => aliasOfKey(key, aliases, scene)),
    ...aliases.filter(({ keyId }) => keyId === undefined).map(dangling),
    ...(await checkUnused(aliases, scene)),
  ];
}

/** The policies of `apikey iam` know keys by their alias. */
function aliasOfKey(key: RingKey, aliases: readonly KeyAlias[], { caller, kms }: KmsScene): Check[] {
  const arn = kms.parseArn(key.ref);
  // Aliases are listed for the caller's account and Region alone.
  if (arn === undefined || arn.account !== caller.account || arn.region !== caller.region) return [];
  const alias = kms.aliasOf(key.kid);
  const found = aliases.find(({ name }) => name === alias);
  if (found?.keyId === arn.id) return [pass('alias', `${alias} points to the key`)];
  const why = 'the policies of `apikey iam` know the keys of the environment by their aliases';
  const verb = found === undefined ? 'create-alias' : 'update-alias';
  const what = found === undefined ? `${alias} is missing` : `${alias} points to another key`;
  return [finding('alias', what, why, `aws kms ${verb} --alias-name ${alias} --target-key-id ${key.ref}`)];
}

function dangling({ name }: KeyAlias): Check {
  const why = 'it was left behind, or someone is changing it, maybe for another environment';
  return finding(
    'alias',
    `${name} points to no key`,
    why,
    'ask who made it (CloudTrail: CreateAlias); it does no harm',
  );
}

/**
 * By alias, and by the tag that a key has even before it gets one. Another environment may sign with such a key, or a
 * ring of this one that was lost: whether it is needed cannot be seen from here.
 */
async function checkUnused(aliases: readonly KeyAlias[], { ring, caller, settings, kms }: KmsScene): Promise<Check[]> {
  const ids = new Set(ring.keys.map(({ ref }) => kms.parseArn(ref)?.id));
  const [, partition = 'aws'] = caller.arn.split(':');
  const arnOf = (id: string): string => `arn:${partition}:kms:${caller.region}:${caller.account}:key/${id}`;
  const strays = new Set(aliases.flatMap(({ keyId }) => (keyId === undefined || ids.has(keyId) ? [] : [arnOf(keyId)])));
  const notes: Check[] = [];
  try {
    const known = new Set([...ring.keys.map(({ ref }) => ref), ...strays]);
    for await (const arn of kms.tagged(settings.keys.place, known)) {
      if (!ids.has(kms.parseArn(arn)?.id)) strays.add(arn);
    }
  } catch (error) {
    const { why = 'access was denied' } = failed('unused', error);
    notes.push(unchecked('unused', `keys without an alias were not looked for: ${why}`));
  }
  for (const arn of strays) notes.push(...(await checkStray(arn, settings.env.value, kms)));
  return notes.length === 0 ? [pass('unused', 'no key in KMS is outside the ring')] : notes;
}

async function checkStray(arn: string, env: string, kms: KmsInspection): Promise<Check[]> {
  try {
    const { state } = await kms.describe(arn);
    const what = `${arn} is not in the ring of ${env}`;
    if (state.startsWith('Pending')) return [pass('unused', `${what}, and waits for its deletion`)];
    return [finding('unused', what, OUTSIDE, KEEP)];
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    return [failed('unused', error)];
  }
}
