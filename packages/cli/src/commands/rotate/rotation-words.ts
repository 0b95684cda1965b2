/** A rotation under way as people and programs are shown it: both tokens, when they were last used, and what follows. */
import { formatSeconds, usageResolution, type RotationView, type TokenView } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { fieldLines } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import { tokenJson, type TokenJson } from '../../token-json.ts';
import { moment } from '../../token-words.ts';
import { lastUse, rotationVerdict } from '../../use-words.ts';
import { statusWord } from '../list/columns.ts';

export interface RotationStatusJson {
  readonly client: string;
  readonly contact: string | null;
  readonly old: TokenJson;
  readonly successor: TokenJson;
  readonly graceUntil: string;
  /** One sentence: `last used 4 minutes ago, its successor never`. */
  readonly verdict: string;
  /** `rotate --finish` would end the old one now. */
  readonly finishable: boolean;
  /** A token in constant use shows a last use that is at most so old. */
  readonly resolutionSeconds: number;
  readonly env: string;
}

export function rotationStatusJson(
  { old, successor, graceUntil, finishable }: RotationView,
  now: number,
  { env, gatewayResultTtl }: Pick<Settings, 'env' | 'gatewayResultTtl'>,
): RotationStatusJson {
  return {
    client: old.record.client,
    contact: old.contact ?? null,
    old: tokenJson(old),
    successor: tokenJson(successor),
    graceUntil: formatSeconds(graceUntil),
    verdict: rotationVerdict(old, successor, now),
    finishable,
    resolutionSeconds: usageResolution(gatewayResultTtl),
    env: env.value,
  };
}

/** One block for each rotation. */
export function rotationLines(view: RotationView, now: number, env: string, style: Style, indent = '  '): string[] {
  const { old, successor, graceUntil } = view;
  return [
    ...fieldLines(
      [
        ['client', old.record.client],
        ['contact', old.contact],
        ['env', env],
        ['old', tokenValue(old, now)],
        ['successor', tokenValue(successor, now)],
        ['old ends', moment(graceUntil, now)],
        ['verdict', rotationVerdict(old, successor, now)],
      ],
      style,
      indent,
    ),
  ];
}

function tokenValue(view: TokenView, now: number): string {
  const use = view.lastUsedAt === undefined ? 'no use recorded' : `last used ${lastUse(view, now)}`;
  return `${view.record.jti}, ${statusWord(view)}, ${use}`;
}

/** What to do about it, as a command where there is one. */
export function nextStep({ old, successor, finishable }: RotationView, env: string): string {
  const { jti } = old.record;
  if (successor.record.state === 'pending') {
    return `the new token is not activated: apikey activate${env} ${successor.record.jti}, or apikey rotate${env} ${jti} --take-over`;
  }
  if (!old.live) return 'nothing: the old token has ended';
  if (!successor.live) return `the successor is not live, so rotate again: apikey rotate${env} ${jti}`;
  if (finishable) return `the old token can be ended: apikey rotate${env} --finish ${jti}`;
  if (successor.lastUsedAt === undefined) return 'wait: whoever uses the old token has to change to the new one';
  return 'wait: both have been used of late';
}
