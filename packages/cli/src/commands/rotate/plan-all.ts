/** `apikey rotate --all --dry-run`: what would be rotated, and what would be refused. */
import { ApikeyError, formatSeconds, planRotate, type OperationDeps, type TokenRecord } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { moment } from '../../token-words.ts';
import type { RotateAllOptions } from './options.ts';
import { graceEnd } from './words.ts';

interface Planned {
  readonly old: TokenRecord;
  /** When the old token would end. */
  readonly graceUntil: number;
  readonly expires: number | undefined;
  readonly refusal: ApikeyError | undefined;
}

export async function planAll(
  deps: OperationDeps,
  found: readonly TokenRecord[],
  { successor, outDir }: RotateAllOptions,
  settings: Settings,
  { terminal }: Context,
): Promise<void> {
  const grace = successor.grace ?? settings.defaultGrace;
  const now = deps.clock.now() / 1000;
  const planned: Planned[] = [];
  for (const old of found) {
    const graceUntil = graceEnd(old, { ...old, grace }, now);
    try {
      // A pending successor would be finished or taken over; the plan of either is that of a fresh rotation.
      const { record } = await planRotate(deps, {
        ...successor,
        grace,
        client: old.client,
        jti: old.jti,
        takeOver: true,
      });
      planned.push({ old, graceUntil, expires: record.exp, refusal: undefined });
    } catch (error) {
      if (!(error instanceof ApikeyError)) throw error;
      planned.push({ old, graceUntil, expires: undefined, refusal: error });
    }
  }
  const env = settings.env.value;
  if (terminal.json) {
    terminal.printJson({ dryRun: true, env, tokens: planned.map(plannedJson) });
    return;
  }
  const refused = planned.filter(({ refusal }) => refusal !== undefined).length;
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`,
      `  rotate ${counted(planned.length - refused, 'token')}${outDir === undefined ? '' : ` into ${outDir}`}`,
      ...planned.map(({ old, graceUntil, refusal }) =>
        refusal === undefined
          ? `    ${old.jti} of ${old.client}; the old one ends ${moment(graceUntil, now)}`
          : `    ${terminal.aside.red('refused')} ${old.jti} of ${old.client}: ${refusal.message} (${refusal.code})`,
      ),
    ].join('\n'),
  );
}

function plannedJson({ old, graceUntil, expires, refusal }: Planned): object {
  return {
    replaces: old.jti,
    client: old.client,
    graceUntil: formatSeconds(graceUntil),
    expiresAt: expires === undefined ? null : formatSeconds(expires),
    refusal: refusal === undefined ? null : { code: refusal.code, message: refusal.message, why: refusal.why ?? null },
  };
}
