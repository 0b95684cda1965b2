/** `apikey keys create`: adds a pending key. */
import {
  createKey,
  ensureKeyRing,
  isSigningAlg,
  KEY_SETTLING_SECONDS,
  requireRing,
  type KeyOutcome,
  SEAL_RING,
  type RingKey,
  type SigningAlg,
} from '@apikey/shared';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional, parseSigningAlg } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { FIRST_ALG } from '../../set-up.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { moment } from '../../token-words.ts';
import { dryRun, withKeys, type KeyWork } from './key-command.ts';
import { keyJson } from './key-json.ts';
import { sameRing } from './ring.ts';
import { keyCommand, SETTLING } from './words.ts';

export function run({ flags }: Invocation, context: Context): Promise<number> {
  const asked = parseAlg(flags);
  return withKeys(flags, context, async (work) => {
    const alg = asked ?? (await algInUse(work));
    const first = work.ring === SEAL_RING && (await work.deps.registry.getRing(SEAL_RING)) === undefined;
    if (flags.on('dryRun')) {
      const use = first ? 'signs seals at once: it is the first' : `may sign after ${SETTLING}`;
      dryRun(work, [`create a key of ${alg}, which ${use}`], { step: 'create', alg });
      return;
    }
    const key = first ? await createFirst(alg, work) : (await createKey(work.deps, alg, work.ring)).key;
    if (work.terminal.json) work.terminal.printJson({ ...keyJson(key), env: work.env });
    tellCreated(key, work);
  });
}

/** The ring of seals is made with its first key, which signs at once. */
async function createFirst(alg: SigningAlg, { deps }: KeyWork): Promise<RingKey> {
  await requireRing(deps);
  const { ring } = await ensureKeyRing(deps, alg, SEAL_RING);
  const key = ring.keys.find(({ state }) => state === 'active');
  if (key === undefined) throw new TypeError('a ring was made without a key that signs');
  return key;
}

export function parseAlg(flags: FlagValues): SigningAlg | undefined {
  return parseOptional('--alg', flags.text('alg'), parseSigningAlg);
}

/** The algorithm of the active key; after its revocation, that of the newest. */
export async function algInUse({ deps, ring: name }: Pick<KeyWork, 'deps' | 'ring'>): Promise<SigningAlg> {
  const ring = await deps.registry.getRing(name);
  const key = ring?.keys.find(({ state }) => state === 'active') ?? ring?.keys.at(-1);
  return key !== undefined && isSigningAlg(key.alg) ? key.alg : FIRST_ALG;
}

export function tellCreated(key: KeyOutcome['key'], { terminal, deps, ring, config, env }: KeyWork): void {
  const { aside } = terminal;
  if (key.state === 'active') {
    const lead = `${aside.green('Created')} the first key for seals in environment ${env}; it signs from now on`;
    const fields = fieldLines([['kid', key.kid] as const, ['alg', key.alg] as const], aside);
    terminal.say([lead, ...fields, 'Next: apikey audit seal'].join('\n'));
    return;
  }
  terminal.say(
    [
      `${aside.green('Created')} a pending key in environment ${env}`,
      ...fieldLines(
        [
          ['kid', key.kid],
          ['alg', key.alg],
          ['may sign', moment(key.createdAt + KEY_SETTLING_SECONDS, deps.clock.now() / 1000)],
        ],
        aside,
      ),
      `Verifiers learn it until then; those that are given a key set need the new one: apikey keys export${sameRing(ring)}`,
      `Next: ${keyCommand('activate', key, config, sameRing(ring))}`,
    ].join('\n'),
  );
}
