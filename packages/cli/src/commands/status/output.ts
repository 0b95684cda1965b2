/** The status of an environment, as lines for people and as one object for programs. */
import { EXPIRING_SECONDS, formatSeconds, type Attention, type EnvironmentStatus } from '@apikey/shared';
import { sourceText } from '../../config/settings.ts';
import type { Settings } from '../../config/resolve.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { distance } from '../../terminal/distance.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import type { StatusFacts } from './run.ts';

const DAY = 86_400;

/** What is counted, and the command that shows more. */
const ATTENTION: Readonly<Record<Attention, readonly [what: string, command: string]>> = {
  expiring: ['expiring without a live successor', 'apikey expiring'],
  unused: ['unused for long', 'apikey list'],
  pending: ['pending for more than a day', 'apikey list --state pending'],
  no_contact: ['of a client without a contact', 'apikey clients list'],
  past_date: ['keys past their date', 'apikey keys list'],
};

export function statusText({ settings, caller, status, now }: StatusFacts, style: Style): string {
  const { env, files } = settings;
  const from = env.source.kind === 'default' ? 'by default' : `from ${sourceText(env.source)}`;
  const key = status?.activeKey;
  const since = key?.activatedAt ?? key?.createdAt;
  const fields: Field[] = [
    ['environment', `${env.value} (${from})`],
    ['config', files.length === 0 ? 'no file; defaults and variables' : files.join(', ')],
    ['account', caller === undefined ? undefined : `${caller.account} in ${caller.region}`],
    ['caller', caller?.arn],
    ['registry', place(settings.registry)],
    ['keys', place(settings.keys)],
    ...(status === undefined
      ? [['set up', `not yet; run: apikey init${sameEnvironment(settings)}`] as const]
      : [
          [
            'active key',
            key === undefined || since === undefined
              ? 'none: nothing can be issued; see: apikey keys list'
              : `${key.kid} (${key.alg}, active since ${formatSeconds(since).slice(0, 10)}, ${distance(since, now)})`,
          ] as const,
          ['tokens', tokenWords(status.tokens)] as const,
        ]),
  ];
  const attention = status === undefined ? [] : attentionLines(status, settings);
  return [
    ...fieldLines(fields, style),
    ...(status === undefined
      ? []
      : [`  ${style.dim('attention')}    ${attention.length === 0 ? style.green('nothing') : ''}`.trimEnd()]),
    ...attention.map((line) => `    ${style.yellow(line)}`),
  ].join('\n');
}

function tokenWords({ live, endingSoon, pending, other, complete }: EnvironmentStatus['tokens']): string {
  const numbers = [
    `${live} live`,
    `${endingSoon} of them ending within ${EXPIRING_SECONDS / DAY} days`,
    `${pending} pending`,
    ...(other === 0 ? [] : [`${other} held back`]),
  ];
  return numbers.join(', ') + (complete ? '' : '; there are more, which end later and were not counted');
}

function attentionLines({ attention }: EnvironmentStatus, settings: Settings): string[] {
  return [...attention].map(([kind, count]) => {
    const [what, command] = ATTENTION[kind];
    return `${count} ${what}: ${command}${sameEnvironment(settings)}`;
  });
}

export function statusJson({ settings, caller, status }: StatusFacts): object {
  const { env, files } = settings;
  const key = status?.activeKey;
  const since = key?.activatedAt ?? key?.createdAt;
  return {
    env: env.value,
    envSource: sourceText(env.source),
    files,
    account: caller?.account ?? null,
    region: caller?.region ?? null,
    caller: caller?.arn ?? null,
    registry: place(settings.registry),
    keys: place(settings.keys),
    setUp: status !== undefined,
    activeKey:
      key === undefined || since === undefined
        ? null
        : { kid: key.kid, alg: key.alg, activeSince: formatSeconds(since) },
    tokens: status?.tokens ?? null,
    attention: status === undefined ? null : Object.fromEntries(status.attention),
  };
}

function place({ scheme, place: where }: Settings['registry'] | Settings['keys']): string {
  return `${scheme}:${where}`;
}
