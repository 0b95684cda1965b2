/** Whether the key files that the ring names are there, sound and private; and which no ring names. */
import { isSigningAlg, thumbprint, verifySignature, type KeyProvider, type RingKey } from '@apikey/shared';
import { join } from 'node:path';
import { openKeys } from '../../backends.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Io } from '../../io.ts';
import { attempted, failed, finding, pass, unchecked, type Check } from './check.ts';
import { checkModes, namesIn } from './files.ts';
import { isUsable, KEEP, keyName, OUTSIDE, type Rings } from './ring.ts';

const PROBE = new TextEncoder().encode('apikey doctor');

export async function checkKeyFiles(
  { ring, seals }: Rings,
  settings: Settings,
  io: Io,
  signs: boolean,
): Promise<readonly Check[]> {
  const { place } = settings.keys;
  const keys = await openKeys(settings, io);
  const checks: Check[] = [];
  for (const key of ring.keys.filter(isUsable)) checks.push(await checkPublic(key, keys));
  const active = ring.keys.find(({ state }) => state === 'active');
  if (!signs) checks.push(unchecked('sign', 'not tried whether the active key signs'));
  else if (active !== undefined) checks.push(await checkSign(active, keys));
  const names = await namesIn(join(place, 'keys'));
  checks.push(...(await checkModes('modes', join(place, 'keys'), names)));
  return [...checks, ...strayFiles([...ring.keys, ...(seals?.keys ?? [])], settings, names)];
}

async function checkPublic(key: RingKey, keys: KeyProvider): Promise<Check> {
  const named = `${keyName(key)} (${key.state}, ${key.alg})`;
  try {
    const publicKey = await keys.publicKey(key.ref);
    if (thumbprint(publicKey) === key.kid) return pass('key', `${named} has its public half`);
    const fix = 'restore registry and keys from one backup';
    return finding('key', `${named} is another key`, `${key.ref} has another thumbprint than the ring says`, fix);
  } catch (error) {
    const check = failed('key', error);
    return { ...check, what: `${named}: ${check.what}` };
  }
}

/** Signs for real: it is the only way to know that the file can be read and opened, and fits its public half. */
async function checkSign(key: RingKey, keys: KeyProvider): Promise<Check> {
  const { ref, kid, alg } = key;
  if (!isSigningAlg(alg))
    return finding('sign', `nothing here signs with ${alg}`, `key ${kid} is of it`, 'use a newer version');
  const [check] = await attempted('sign', async () => {
    const { signature } = await keys.sign(ref, alg, PROBE);
    if (verifySignature(alg, await keys.publicKey(ref), PROBE, signature))
      return [pass('sign', 'the active key signs')];
    const fix = 'restore both files from a backup';
    return [finding('sign', 'the halves of the active key do not fit', 'its signature does not verify', fix)];
  });
  return check ?? unchecked('sign', 'not tried');
}

function strayFiles(
  keys: readonly RingKey[],
  { keys: { place }, env }: Settings,
  names: readonly string[],
): readonly Check[] {
  const known = new Set(keys.map(({ kid }) => kid));
  const strays = names.filter((name) => !known.has(name.split('.')[0] ?? ''));
  if (strays.length === 0) return [pass('unused', 'no key file is outside the ring')];
  return strays.map((name) =>
    finding('unused', `${join(place, 'keys', name)} belongs to no key in the ring of ${env.value}`, OUTSIDE, KEEP),
  );
}
