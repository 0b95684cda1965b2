/** Whether the keys that the ring names are in KMS, usable, and all that is there. */
import { isSigningAlg, thumbprint, type KeyRing, type RingKey } from '@apikey/shared';
import type { Caller } from '../../backends/caller.ts';
import { inspectKms, type KeyFacts, type KmsInspection } from '../../backends/kms-inspection.ts';
import type { Settings } from '../../config/resolve.ts';
import { attempted, failed, finding, pass, unchecked, type Check } from './check.ts';
import { checkAliases, type KmsScene } from './kms-aliases.ts';
import { isUsable, keyName } from './ring.ts';

export async function checkKms(
  ring: KeyRing,
  caller: Caller,
  settings: Settings,
  signs: boolean,
): Promise<readonly Check[]> {
  const kms = await inspectKms(settings);
  const checks: Check[] = [];
  for (const key of ring.keys.filter(isUsable)) checks.push(await checkKey(key, { caller, kms }));
  checks.push(...(await attempted('alias', () => checkAliases({ ring, caller, settings, kms }))));
  const active = ring.keys.find(({ state }) => state === 'active');
  if (!signs) checks.push(unchecked('sign', 'not asked whether the caller may sign'));
  else if (active !== undefined) checks.push(await checkSign(active, caller, kms));
  return checks;
}

async function checkKey(key: RingKey, { caller, kms }: Omit<KmsScene, 'settings' | 'ring'>): Promise<Check> {
  const named = `${keyName(key)} (${key.state}, ${key.alg})`;
  const arn = kms.parseArn(key.ref);
  if (arn === undefined) {
    const why = 'registry and keys of the environment do not belong together';
    return finding('key', `${named} is no key in KMS`, why, 'correct registry or keys in the configuration');
  }
  if (arn.account !== caller.account) {
    const why = `its ARN is ${key.ref}; whoever changed the ring may have put it there`;
    const fix = `ask who runs account ${arn.account} before you change anything; if the key is not yours, follow docs/runbooks/kms-key-compromised.md`;
    return finding('key', `${named} belongs to account ${arn.account}`, why, fix);
  }
  try {
    const facts = await kms.describe(key.ref);
    const trouble = troubleOf(facts, key, named);
    if (trouble !== undefined) return trouble;
    if (thumbprint(await kms.publicKey(key.ref)) === key.kid) {
      return pass('key', `${named} is enabled, ${facts.usage}, and the one that the ring means`);
    }
    const why = 'its public half has another thumbprint than the ring says: authorizers fault on it';
    const fix = 'find who changed the ring (CloudTrail), and restore it from a point-in-time copy';
    return finding('key', `${named} is another key in KMS`, why, fix);
  } catch (error) {
    const check = failed('key', error);
    return { ...check, what: `${named}: ${check.what}` };
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
