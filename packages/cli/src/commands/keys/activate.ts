/** `apikey keys activate`: a pending key signs from now on. */
import {
  activateKey,
  findKey,
  listKeys,
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
import { keyCommand } from './words.ts';

export function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const prefix = parseFlag('kid', args[0] ?? '', parseKidPrefix);
  const now = flags.on('now');
  return withKeys(flags, context, async (work) => {
    const { io, terminal, inputAllowed, deps, env } = work;
    const { kid } = await findKey(deps, prefix);
    const { key } = await planActivateKey(deps, kid, { now });
    const signer = (await listKeys(deps)).find((view) => view.key.state === 'active');
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
    const outcome = await activateKey(deps, kid, { now });
    if (terminal.json) terminal.printJson({ ...keyJson(outcome.key), env });
    tellActivated(outcome.key, signer?.key, work);
  });
}

function impactLines(key: RingKey, signer: KeyView | undefined, { terminal }: KeyWork): string[] {
  return fieldLines(
    [
      ['alg', key.alg],
      [
        'retires',
        signer === undefined
          ? 'nothing: no key signs now'
          : `key ${signer.key.kid} (${signer.key.alg}); its tokens stay live, ${signer.liveTokens} now`,
      ],
    ],
    terminal.aside,
    '    ',
  );
}

export function tellActivated(key: RingKey, former: RingKey | undefined, { terminal, config, env }: KeyWork): void {
  terminal.say(
    [
      `${terminal.aside.green('Activated')} key ${key.kid}: it signs all new tokens of environment ${env}`,
      ...(former === undefined
        ? []
        : [
            `Key ${former.kid} is retiring: it signs no more, and its tokens stay live.`,
            `Next: apikey keys list tells from when on this is safe: ${keyCommand('retire', former, config)}`,
          ]),
    ].join('\n'),
  );
}
