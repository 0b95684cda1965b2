/** What `apikey restore` says about what is missing. */
import type { RestorePlan, RestoreStep } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { counted } from '../../counted.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { printable } from '../../terminal/printable.ts';
import type { Style } from '../../terminal/style.ts';

/** More chains are counted: the JSON has them all. */
const SHOWN = 20;

export function planWords(plan: RestorePlan, env: string, style: Style): string[] {
  if (plan.events === 0) {
    return [`Environment ${env} lacks nothing that the export has (${counted(plan.complete, 'chain')} compared)`];
  }
  const shown = plan.steps.slice(0, SHOWN);
  const rest = plan.steps.length - shown.length;
  const { endings } = plan;
  const ends =
    endings === 0
      ? ''
      : `; ${style.red(`${counted(endings, 'ending')} among them ${endings === 1 ? 'does' : 'do'} not hold now`)}`;
  return [
    `Environment ${env} lacks ${counted(plan.events, 'event')} of ${counted(plan.steps.length, 'chain')}${ends}`,
    ...shown.map((step) => `  ${stepWords(step)}`),
    ...(rest === 0 ? [] : [`  and ${counted(rest, 'more chain')}`]),
  ];
}

function stepWords({ aggregate, fromSeq, untilSeq, actions }: RestoreStep): string {
  const list = Object.entries(actions).map(([action, count]) => (count === 1 ? action : `${count} x ${action}`));
  const where = fromSeq === 0 ? 'unknown' : `ends at ${fromSeq}`;
  return printable(`${aggregate} (${where}, the export at ${untilSeq}): ${list.join(', ')}`);
}

/** Chains were compared, records were not: a torn backup, or somebody's hand, may have left one behind its events. */
export function doneWords(plan: RestorePlan, settings: Settings, style: Style): string {
  const env = settings.env.value;
  const done =
    plan.events === 0
      ? planWords(plan, env, style)
      : [
          `${style.green('Restored')} ${counted(plan.events, 'event')} of ${counted(plan.steps.length, 'chain')} in environment ${env}`,
        ];
  return [...done, `Next: apikey audit verify${sameEnvironment(settings)}, then let others write again`].join('\n');
}

export function planJson({ steps, events, endings, complete }: RestorePlan, env: string): object {
  return {
    events,
    endings,
    complete,
    chains: steps.map(({ aggregate, fromSeq, untilSeq, actions, endings: ends }) => ({
      aggregate,
      fromSeq,
      untilSeq,
      endings: ends,
      actions,
    })),
    env,
  };
}
