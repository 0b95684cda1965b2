/** What `apikey rotate` says about a rotation, or about the one it would do. */
import { formatDuration, type IssuedToken, type IssuePlan, type TokenRecord, type TokenView } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Destination } from '../../delivery/destination.ts';
import { deliveredWords, deliveryPlan, verifyCommand } from '../../delivery/words.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import { moment } from '../../token-words.ts';
import { lastUsedValue } from '../../use-words.ts';
import { commonFields } from '../issue/words.ts';

/** A rotation, with the old record as it was before. */
export interface Rotation {
  readonly old: TokenRecord;
  readonly destination: Destination;
}

export function rotatedWords(
  issued: IssuedToken,
  { old, destination }: Rotation,
  settings: Settings,
  now: number,
  style: Style,
): string {
  const { record, resumes, replaced } = issued;
  const ends = replaced?.liveUntil ?? graceEnd(old, record, now);
  const env = sameEnvironment(settings);
  const live = ends > now;
  return [
    `${style.green('Rotated')} a token of ${style.bold(record.client)}${resumes ? ', finishing an earlier request' : ''}`,
    ...fieldLines(
      [
        ['jti', record.jti],
        ['kid', record.kid],
        ...commonFields(record, settings, now, settings.env.value),
        ['replaces', old.jti],
        ['old ends', live ? moment(ends, now) + ownEnd(ends, old, record) : 'now'],
      ],
      style,
    ),
    ...lostWords(issued, style),
    deliveredWords(destination, issued),
    live
      ? 'Until the old token ends both are live; whoever uses it needs the new one by then.'
      : 'The old token is not accepted any more.',
    `Next: ${verifyCommand(destination, issued, env)}` +
      (live ? `; to end the old one sooner: apikey revoke${env} ${old.jti}` : ''),
  ].join('\n');
}

export function rotationPlanWords(
  plan: IssuePlan,
  { old, destination }: Rotation,
  settings: Settings,
  now: number,
  style: Style,
): string {
  const { record, alg, resumes } = plan;
  const ends = graceEnd(old, record, now);
  return [
    `${style.bold('Dry run')}, nothing is changed. This would`,
    resumes
      ? `  finish the pending token ${record.jti}, which replaces ${old.jti} of ${record.client}`
      : `  replace token ${old.jti} of ${record.client} by a new one`,
    ...fieldLines(planFields(record, alg, settings, now), style, '    '),
    ...lostWords(plan, style).map((line) => `  ${line}`),
    `  hand it over ${deliveryPlan(destination)}`,
    `  end the old one ${ends > now ? moment(ends, now) + ownEnd(ends, old, record) : 'at once'}`,
  ].join('\n');
}

/** For the question that `--grace 0` asks. */
export function cutLines({ record, ...view }: TokenView, settings: Settings, now: number, style: Style): string[] {
  const { client, scopes, note, liveUntil } = record;
  return fieldLines(
    [
      ['client', client],
      ['env', settings.env.value],
      ['scopes', scopes.length === 0 ? undefined : scopes.join(' ')],
      ['note', note],
      ['last used', lastUsedValue(view, now)],
      ['would end', moment(liveUntil, now)],
    ],
    style,
    '    ',
  );
}

/** When the old token ends if its successor is activated at `now`; the grace is that of the successor's record. */
export function graceEnd(old: TokenRecord, { grace = 0 }: TokenRecord, now: number): number {
  return Math.min(old.liveUntil, Math.floor(now) + grace);
}

function planFields(record: TokenRecord, alg: string, settings: Settings, now: number): Field[] {
  return [['kid', record.kid], ['alg', alg], ...commonFields(record, settings, now, settings.env.value)];
}

function ownEnd(ends: number, old: TokenRecord, { grace }: TokenRecord): string {
  const short = ends === old.liveUntil && grace !== undefined && grace > 0;
  return short ? `: its own end, sooner than the grace of ${formatDuration(grace)}` : '';
}

/** What the record of the old token says now does not count: it may have been changed. */
function lostWords({ record, lostScopes = [] }: IssuePlan, style: Style): string[] {
  if (lostScopes.length === 0) return [];
  const lost = lostScopes.join(' ');
  return [`${style.yellow('note:')} the new token lacks ${lost}: client ${record.client} may not use it any more`];
}
