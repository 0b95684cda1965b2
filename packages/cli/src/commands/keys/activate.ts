/** `apikey keys activate`: a pending key signs from now on. */
import {
  activateKey,
  findKey,
  listKeys,
  MAIN_RING,
  parseKidPrefix,
  planActivateKey,
  type KeyView,
  type RingKey,
} from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../terminal/confirm.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { dryRun, withKeys, type KeyWork } from './key-command.ts';
import { keyJson } from './key-json.ts';
import { sameRing } from './ring.ts';
import { keyCommand } from './words.ts';

export function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const prefix = parseFlag('kid', args[0] ?? '', parseKidPrefix);
  const now = flags.on('now');
  return withKeys(flags, context, async (work) => {
    const { io, terminal, inputAllowed, deps, ring, env } = work;
    const { kid } = await findKey(deps, prefix, ring);
    const { key } = await planActivateKey(deps, kid, { now }, ring);
    const signer = (await listKeys(deps, ring)).find((view) => view.key.state === 'active');
    const impact = impactLines(key, signer, work);
    if (flags.on('dryRun')) {
      dryRun(work, [`activate key ${kid}`, ...impact], { ...keyJson(key), retires: signer?.key.kid ?? null });
      return;
    }
    if (!flags.on('yes')) {
      await confirm(io, terminal, inputAllowed, {
        question: [`Activate key ${kid} in environment ${env}?`, ...impact, 'Activate it?'].join('\n'),
        action: `activating key ${kid}`,
        flag: '--yes',
      });
    }
    const outcome = await activateKey(deps, kid, { now }, ring);
    if (terminal.json) terminal.printJson({ ...keyJson(outcome.key), env });
    tellActivated(outcome.key, signer?.key, work);
  });
}

function impactLines(key: RingKey, signer: KeyView | undefined, { terminal, ring }: KeyWork): string[] {
  const stays = ring === MAIN_RING ? `its tokens stay live, ${signer?.liveTokens ?? 0} now` : 'its seals stay good';
  return fieldLines(
    [
      ['alg', key.alg],
      [
        'retires',
        signer === undefined ? 'nothing: no key signs now' : `key ${signer.key.kid} (${signer.key.alg}); ${stays}`,
      ],
    ],
    terminal.aside,
    '    ',
  );
}

export function tellActivated(
  key: RingKey,
  former: RingKey | undefined,
  { terminal, ring, config, env }: KeyWork,
): void {
  terminal.say(
    [
      `${terminal.aside.green('Activated')} key ${key.kid}: it signs all new ${ring === MAIN_RING ? 'tokens' : 'seals'} of environment ${env}`,
      ...(former === undefined
        ? []
        : [
            `Key ${former.kid} is retiring: it signs no more, and its ${ring === MAIN_RING ? 'tokens stay live' : 'seals stay good'}.`,
            `Next: apikey keys list${sameRing(ring)} tells from when on this is safe: ${keyCommand('retire', former, config, sameRing(ring))}`,
          ]),
    ].join('\n'),
  );
}
