/** Whether the keys that the ring names are in KMS, usable, and all that is there. */
import { isSigningAlg, NotFoundError, thumbprint, type KeyRing, type RingKey } from '@apikey/shared';
import type { Caller } from '../../backends/caller.ts';
import { inspectKms, type KeyAlias, type KeyFacts, type KmsInspection } from '../../backends/kms-inspection.ts';
import type { Settings } from '../../config/resolve.ts';
import { attempted, failed, finding, pass, unchecked, type Check } from './check.ts';
import { isUsable, keyName } from './ring.ts';

export async function checkKms(
  ring: KeyRing,
  caller: Caller,
  settings: Settings,
  signs: boolean,
): Promise<readonly Check[]> {
  const kms = await inspectKms(settings);
  const checks: Check[] = [];
  for (const key of ring.keys.filter(isUsable)) checks.push(...(await checkKey(key, caller, kms)));
  checks.push(...(await attempted('alias', () => checkAliases(ring, caller, settings, kms))));
  const active = ring.keys.find(({ state }) => state === 'active');
  if (!signs) checks.push(unchecked('sign', 'not asked whether the caller may sign'));
  else if (active !== undefined) checks.push(await checkSign(active, caller, kms));
  return checks;
}

async function checkKey(key: RingKey, caller: Caller, kms: KmsInspection): Promise<readonly Check[]> {
  const named = `${keyName(key)} (${key.state}, ${key.alg})`;
  const arn = kms.parseArn(key.ref);
  if (arn === undefined) {
    const why = 'registry and keys of the environment do not belong together';
    return [finding('key', `${named} is no key in KMS`, why, 'correct registry or keys in the configuration')];
  }
  if (arn.account !== caller.account) {
    const why = `its ARN is ${key.ref}; whoever changed the ring may have put it there`;
    return [
      finding(
        'key',
        `${named} belongs to account ${arn.account}`,
        why,
        `apikey keys revoke ${key.kid}, unless it is yours`,
      ),
    ];
  }
  try {
    const facts = await kms.describe(key.ref);
    const trouble = troubleOf(facts, key, named);
    if (trouble !== undefined) return [trouble];
    if (thumbprint(await kms.publicKey(key.ref)) === key.kid) {
      return [pass('key', `${named} is enabled, ${facts.usage}, and the one that the ring means`)];
    }
    const why = 'its public half has another thumbprint than the ring says: authorizers fault on it';
    return [
      finding(
        'key',
        `${named} is another key in KMS`,
        why,
        'restore the ring from a point-in-time copy, or revoke the key',
      ),
    ];
  } catch (error) {
    const check = failed('key', error);
    return [{ ...check, what: `${named}: ${check.what}` }];
  }
}

function troubleOf({ state, usage, deletionAt }: KeyFacts, { ref }: RingKey, named: string): Check | undefined {
  const effect =
    'nothing is signed with it, and its public half cannot be read: authorizers that start now fault on its tokens';
  if (deletionAt !== undefined || state.startsWith('Pending')) {
    const on = deletionAt === undefined ? '' : ` on ${new Date(deletionAt).toISOString().slice(0, 10)}`;
    const fix = `aws kms cancel-key-deletion --key-id ${ref} && aws kms enable-key --key-id ${ref}`;
    return finding('key', `${named} will be deleted${on}`, effect, fix);
  }
  if (state === 'Disabled') return finding('key', `${named} is disabled`, effect, `aws kms enable-key --key-id ${ref}`);
  if (state !== 'Enabled') return finding('key', `${named} is ${state}`, effect, 'wait a minute');
  if (usage === 'SIGN_VERIFY') return undefined;
  const why = `KMS key ${ref} cannot sign`;
  return finding('key', `${named} is for ${usage}, expected SIGN_VERIFY`, why, 'create and activate another key');
}

/** Policies know keys by their alias; and a key without a place in the ring costs money for nothing. */
async function checkAliases(
  ring: KeyRing,
  caller: Caller,
  { keys, env }: Settings,
  kms: KmsInspection,
): Promise<readonly Check[]> {
  const aliases = await Array.fromAsync(kms.aliases(keys.place));
  const checks = ring.keys.filter(isUsable).flatMap((key) => aliasTrouble(key, caller, aliases, kms));
  const ids = new Map(ring.keys.map((key) => [kms.parseArn(key.ref)?.id, key]));
  const dangling = aliases.filter(({ keyId }) => keyId === undefined);
  for (const { name } of dangling) {
    const why = 'it was left behind, or somebody is changing it';
    checks.push(finding('alias', `${name} points to no key`, why, `aws kms delete-alias --alias-name ${name}`));
  }
  const arnOf = (id: string): string =>
    `arn:${caller.arn.split(':')[1]}:kms:${caller.region}:${caller.account}:key/${id}`;
  const strays = new Set(aliases.flatMap(({ keyId }) => (keyId === undefined || ids.has(keyId) ? [] : [arnOf(keyId)])));
  const known = new Set([...ring.keys.map(({ ref }) => ref), ...strays]);
  try {
    for await (const arn of kms.tagged(keys.place, known)) strays.add(arn);
  } catch (error) {
    checks.push(
      unchecked(
        'unused',
        `keys without an alias were not looked for: ${failed('unused', error).why ?? 'access denied'}`,
      ),
    );
  }
  for (const arn of strays) checks.push(...(await strayCheck(arn, env.value, kms)));
  return checks.some(({ ok }) => ok !== true)
    ? checks
    : [...checks, pass('unused', 'no key in KMS is outside the ring')];
}

function aliasTrouble(key: RingKey, caller: Caller, aliases: readonly KeyAlias[], kms: KmsInspection): Check[] {
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

async function strayCheck(arn: string, env: string, kms: KmsInspection): Promise<Check[]> {
  try {
    const { state } = await kms.describe(arn);
    if (state.startsWith('Pending')) return [pass('unused', `${arn} waits for its deletion`)];
    const why = `an interrupted command left it: the ring of ${env} does not name it, and nothing that it signed is accepted`;
    const fix = `if no command is creating a key right now: aws kms schedule-key-deletion --key-id ${arn}`;
    return [finding('unused', `${arn} is used by nothing`, why, fix)];
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    return [failed('unused', error)];
  }
}

async function checkSign({ ref, kid, alg }: RingKey, caller: Caller, kms: KmsInspection): Promise<Check> {
  if (!isSigningAlg(alg))
    return finding('sign', `nothing here signs with ${alg}`, `key ${kid} is of it`, 'use a newer version');
  try {
    await kms.canSign(ref, alg);
    return pass('sign', 'the caller may sign with the active key');
  } catch (error) {
    const check = failed('sign', error);
    if (check.code !== 'ACCESS_DENIED') return check;
    const fix = 'an issuer needs the policy of `apikey iam issuer`; for a role that must not sign, add --no-sign';
    return { ...check, what: `${caller.arn} may not sign with the active key`, fix };
  }
}
