/** The key ring itself, whatever holds its keys. */
import { MAIN_RING, SEAL_RING, type KeyRing, type Registry, type RingKey } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { counted } from '../../counted.ts';
import { failed, finding, pass, type Check } from './check.ts';

export interface Rings {
  readonly ring: KeyRing;
  /** The keys of seals; absent before the first one. */
  readonly seals: KeyRing | undefined;
}

export interface RingChecks {
  readonly checks: readonly Check[];
  readonly rings: Rings | undefined;
}

export async function checkRing(registry: Registry, { env }: Settings): Promise<RingChecks> {
  try {
    const ring = await registry.getRing(MAIN_RING);
    if (ring === undefined) {
      const fix = `run: apikey init --env ${env.value}`;
      const why = 'the set-up was not finished, and nothing can be issued';
      return { rings: undefined, checks: [finding('ring', 'there is no key ring', why, fix)] };
    }
    const seals = await registry.getRing(SEAL_RING);
    return { rings: { ring, seals }, checks: [activeCheck(ring, env.value)] };
  } catch (error) {
    return { rings: undefined, checks: [failed('ring', error)] };
  }
}

function activeCheck({ keys }: KeyRing, env: string): Check {
  const active = keys.find(({ state }) => state === 'active');
  if (active !== undefined)
    return pass('ring', `${keyName(active)} signs, of ${counted(keys.length, 'key')} in the ring`);
  return finding(
    'ring',
    'no key is active',
    'nothing can be issued; tokens of keys that are retiring still work',
    `run: apikey keys create --env ${env}, and activate it`,
  );
}

/** Why a key may be where this environment keeps its keys, and not in its ring. Which of these it is, is not known. */
export const OUTSIDE =
  'another environment that keeps its keys in the same place may sign with it, a ring that was lost may have named it, or an interrupted command left it';
/** What to do about it. A key that is gone takes every token along that it signed: nothing here says how to end one. */
export const KEEP =
  'find out who made it and whether any environment names it, and keep it until then; give each environment a place of its own for its keys';

/** Whose signatures may be accepted. */
export function isUsable({ state }: RingKey): boolean {
  return state === 'active' || state === 'retiring' || state === 'pending';
}

/** Long enough to tell keys apart. */
export function keyName({ kid }: RingKey): string {
  return kid.slice(0, 12);
}
