/** `apikey rotate --finish`: ends the grace of a replaced token early, after showing what speaks for it. */
import {
  findRotation,
  finishRotation,
  formatDuration,
  formatSeconds,
  listRotations,
  planFinish,
  RefusedError,
  usageResolution,
  type FinishedRotation,
  type FinishRequest,
  type OperationDeps,
  type RotationView,
} from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { confirm } from '../../terminal/confirm.ts';
import { moment } from '../../token-words.ts';
import type { RotateFinishOptions } from './options.ts';
import { LOWER_BOUND } from '../../use-words.ts';
import { rotationLines } from './rotation-words.ts';

export async function finishOne(
  deps: OperationDeps,
  options: RotateFinishOptions,
  settings: Settings,
  context: Context,
): Promise<number> {
  const { io, terminal, inputAllowed } = context;
  const { quietFor, dryRun, yes } = options;
  const request: FinishRequest = {
    ...(await findOld(deps, options)),
    quietFor,
    gatewayResultTtl: settings.gatewayResultTtl,
  };
  // What would be refused is refused before anybody has to think about it.
  const plan = await planFinish(deps, request);
  const { jti, client } = plan.record;
  const lines = plan.alreadyEnded ? [] : await evidenceLines(deps, plan, quietFor, settings, context);
  if (dryRun) {
    tellPlan(plan, lines, quietFor, settings, context);
    return EXIT_CODES.done.code;
  }
  if (!plan.alreadyEnded && !yes) {
    await confirm(io, terminal, inputAllowed, {
      question: [`End token ${jti} now, before its grace is over?`, ...lines, 'It cannot be revived. End it?'].join(
        '\n',
      ),
      action: `ending token ${jti} of ${client} before its grace is over`,
      flag: '--yes',
    });
  }
  const finished = await finishRotation(deps, request);
  if (terminal.json) terminal.printJson(finishedJson(finished, quietFor, settings));
  terminal.say(doneWords(finished, yes ? lines : [], settings, deps.clock.now() / 1000, context));
  return EXIT_CODES.done.code;
}

async function findOld(
  deps: OperationDeps,
  { token }: RotateFinishOptions,
): Promise<Pick<FinishRequest, 'jti' | 'client'>> {
  if (token.jti !== undefined) return token;
  const { client } = token;
  const found: RotationView[] = await Array.fromAsync(listRotations(deps, client));
  const [only] = found;
  if (only !== undefined && found.length === 1) return { jti: only.old.record.jti, client };
  throw new RefusedError(
    'AMBIGUOUS',
    found.length === 0
      ? `no rotation of client ${client} is under way`
      : `${found.length} rotations of client ${client} are under way`,
    found.length === 0
      ? { why: 'none of its live tokens was replaced', fix: `look at its tokens: apikey list --client ${client}` }
      : {
          why: `it may be that of ${found.map(({ old }) => old.record.jti).join(', ')}`,
          fix: 'name the old token by its id',
        },
  );
}

async function evidenceLines(
  deps: OperationDeps,
  { record: { jti, client } }: FinishedRotation,
  quietFor: number,
  settings: Settings,
  { terminal }: Context,
): Promise<string[]> {
  const rotation = await findRotation(deps, jti, client);
  if (rotation === undefined) throw new TypeError(`the rotation of ${jti} is gone`);
  const lines = rotationLines(rotation, deps.clock.now() / 1000, settings.env.value, terminal.aside, '    ');
  return [...lines, `It was not used for ${formatDuration(quietFor)}, as far as recorded. ${LOWER_BOUND}`];
}

function tellPlan(
  plan: FinishedRotation,
  lines: readonly string[],
  quietFor: number,
  settings: Settings,
  { terminal }: Context,
): void {
  const env = settings.env.value;
  const { jti } = plan.record;
  if (terminal.json) {
    terminal.printJson({ dryRun: true, ...finishedJson(plan, quietFor, settings) });
    return;
  }
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`,
      plan.alreadyEnded ? `  change nothing: token ${jti} has ended already` : `  end token ${jti} at once`,
      ...lines,
    ].join('\n'),
  );
}

function time(seconds: number | undefined): string | null {
  return seconds === undefined ? null : formatSeconds(seconds);
}

function finishedJson(
  { record, alreadyEnded, evidence }: FinishedRotation,
  quietFor: number,
  { env, gatewayResultTtl }: Settings,
): object {
  return {
    jti: record.jti,
    client: record.client,
    replacedBy: record.replacedBy ?? null,
    liveUntil: formatSeconds(record.liveUntil),
    alreadyEnded,
    lastUsedAt: time(evidence.oldUsedAt),
    successorLastUsedAt: time(evidence.successorUsedAt),
    quietSeconds: quietFor,
    resolutionSeconds: usageResolution(gatewayResultTtl),
    env: env.value,
  };
}

function doneWords(
  { record, alreadyEnded }: FinishedRotation,
  lines: readonly string[],
  settings: Settings,
  now: number,
  { terminal }: Context,
): string {
  const { jti, client, state, liveUntil, exp } = record;
  const where = `of ${client} in environment ${settings.env.value}`;
  if (alreadyEnded) {
    const how = state === 'revoked' ? 'it was revoked' : `it ended ${moment(Math.min(liveUntil, exp), now)}`;
    return `Token ${jti} ${where} has ended already, ${how}; nothing was changed`;
  }
  const { tokens: bound } = configuredBound(settings);
  return [
    `${terminal.aside.green('Ended')} token ${jti} ${where}, before its grace was over`,
    ...lines,
    bound === 0 ? 'It is not accepted any more.' : `It is not accepted any more, everywhere within ${bound} seconds.`,
  ].join('\n');
}
