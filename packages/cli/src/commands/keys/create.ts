/** `apikey keys create`: adds a pending key. */
import {
  createKey,
  isSigningAlg,
  KEY_SETTLING_SECONDS,
  MAIN_RING,
  type KeyOutcome,
  type OperationDeps,
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
import { keyCommand, SETTLING } from './words.ts';

export function run({ flags }: Invocation, context: Context): Promise<number> {
  const asked = parseAlg(flags);
  return withKeys(flags, context, async (work) => {
    const alg = asked ?? (await algInUse(work.deps));
    if (flags.on('dryRun')) {
      dryRun(work, [`create a key of ${alg}, which may sign after ${SETTLING}`], { step: 'create', alg });
      return;
    }
    const { key } = await createKey(work.deps, alg);
    if (work.terminal.json) work.terminal.printJson({ ...keyJson(key), env: work.env });
    tellCreated(key, work);
  });
}

export function parseAlg(flags: FlagValues): SigningAlg | undefined {
  return parseOptional('--alg', flags.text('alg'), parseSigningAlg);
}

/** The algorithm of the active key; after its revocation, that of the newest. */
export async function algInUse({ registry }: OperationDeps): Promise<SigningAlg> {
  const ring = await registry.getRing(MAIN_RING);
  const key = ring?.keys.find(({ state }) => state === 'active') ?? ring?.keys.at(-1);
  return key !== undefined && isSigningAlg(key.alg) ? key.alg : FIRST_ALG;
}

export function tellCreated(key: KeyOutcome['key'], { terminal, deps, config, env }: KeyWork): void {
  const { aside } = terminal;
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
      'Verifiers learn it until then; those that are given a key set need the new one: apikey keys export',
      `Next: ${keyCommand('activate', key, config)}`,
    ].join('\n'),
  );
}
