/** `apikey init` where registry or keys are on AWS: shows what is missing, asks, makes it, and waits until it is there. */
import { ensureKeyRing, type RingKey } from '@apikey/shared';
import { openKeys, openRegistry, operationDeps } from '../../backends.ts';
import { awsCaller, checkClock } from '../../backends/caller.ts';
import { HostClock } from '../../backends/host-clock.ts';
import { openTable, type Table } from '../../backends/table.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { confirm, isInteractive } from '../../terminal/confirm.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { missingJson, sayMissing, type Missing } from './missing.ts';
import { placeFields, placeOf, planInit, plannedSteps, type InitPlan, type NewKey, type PlannedStep } from './plan.ts';

export interface AwsInit extends NewKey {
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export async function initOnAws(options: AwsInit, settings: Settings, context: Context): Promise<number> {
  const { io, terminal, inputAllowed } = context;
  const caller = await awsCaller(settings, io);
  await checkClock(caller);
  using table = await tableOf(settings, context);
  const plan = await planInit(settings, caller, table, options);
  const steps = plannedSteps(plan, table);
  if (options.dryRun) {
    tellPlan(plan, steps, settings, context);
    sayMissing(plan, table, terminal);
    return EXIT_CODES.done.code;
  }
  if (steps.length > 0 && !options.yes) {
    await confirm(io, terminal, inputAllowed, {
      question: [
        `Set up environment ${settings.env.value}?`,
        ...fieldLines(placeFields(settings, caller), terminal.aside, '    '),
        ...steps.map(({ does }) => `  - ${does}`),
        'Do it?',
      ].join('\n'),
      action: `setting up environment ${settings.env.value} in account ${caller.account}`,
      flag: '--yes',
    });
  }
  const outcome = await carryOut(plan, steps, table, settings, context);
  tellResult(plan, outcome, settings, context);
  sayMissing(outcome, table, terminal);
  return EXIT_CODES.done.code;
}

/** The table, telling whoever looks on how long it is being waited for. */
async function tableOf(settings: Settings, { io, terminal, inputAllowed }: Context): Promise<Table | undefined> {
  if (settings.registry.scheme !== 'dynamodb') return undefined;
  const shown = isInteractive(io, terminal, inputAllowed);
  const start = io.clock.now();
  return openTable(settings, {
    delay: {
      wait: (milliseconds) => {
        const seconds = Math.round((io.clock.now() - start) / 1000);
        if (shown) terminal.status(`waiting for the table ${settings.registry.place} (${seconds} s)`);
        return io.delay.wait(milliseconds);
      },
    },
  });
}

interface Outcome {
  readonly key: RingKey | undefined;
  readonly done: readonly PlannedStep[];
  readonly missing: readonly Missing[];
}

/** One step after the other; each is found done by the next run, so that it may stop anywhere. */
async function carryOut(
  { caller, tableSteps, newKey, activeKey, missing: unknown }: InitPlan,
  steps: readonly PlannedStep[],
  table: Table | undefined,
  settings: Settings,
  { io, terminal, onInterrupt }: Context,
): Promise<Outcome> {
  onInterrupt({
    why: 'what was made stays, and at most one KMS key that nothing uses',
    fix: `run apikey init --env ${settings.env.value} again: it goes on where this stopped`,
  });
  if (steps.length > 0) terminal.say(`Setting up environment ${settings.env.value} in account ${caller.account}`);
  const done: PlannedStep[] = [];
  const missing = [...unknown];
  const finish = (step: PlannedStep['step']): void => {
    const finished = steps.filter((planned) => planned.step === step);
    done.push(...finished);
    for (const { does } of finished) terminal.say(`  ${terminal.aside.green(terminal.aside.symbols.yes)} ${does}`);
  };
  for (const step of tableSteps) {
    const failure = await table?.apply(step);
    if (failure === undefined) finish(step);
    else missing.push({ step, failure });
  }
  if (newKey === undefined) return { key: activeKey, done, missing };
  await table?.waitUntilReady();
  const clockEvidence = new HostClock(settings.clockChecked);
  const watch = { clock: io.clock, onSkew: clockEvidence.onSkew };
  const keys = await openKeys(settings, watch, async () => newKey.multiRegion);
  const registry = await openRegistry(settings, 'create', watch);
  const deps = operationDeps(settings, io, { registry, keys, actor: caller.arn, clockEvidence });
  try {
    const { ring } = await ensureKeyRing(deps, newKey.alg);
    finish('create-key');
    return { key: ring.keys.find(({ state }) => state === 'active'), done, missing };
  } finally {
    await deps.registry.close();
  }
}

function tellPlan(plan: InitPlan, steps: readonly PlannedStep[], settings: Settings, { terminal }: Context): void {
  const created = steps.length > 0;
  const alg = plan.newKey?.alg ?? null;
  if (terminal.json) {
    terminal.printJson({ dryRun: true, ...placeJson(plan, settings), alg, created, steps, missing: missingJson(plan) });
    return;
  }
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${settings.env.value} this would`,
      ...(created ? steps.map(({ does }) => `  ${does}`) : ['  change nothing: it is set up']),
      ...fieldLines(placeFields(settings, plan.caller), terminal.aside, '    '),
    ].join('\n'),
  );
}

function tellResult(plan: InitPlan, outcome: Outcome, settings: Settings, { terminal }: Context): void {
  const { key, done: steps } = outcome;
  const created = steps.length > 0;
  const env = settings.env.value;
  if (terminal.json) {
    const { kid = null, alg = null } = key ?? {};
    terminal.printJson({ ...placeJson(plan, settings), kid, alg, created, steps, missing: missingJson(outcome) });
    return;
  }
  const signer = key === undefined ? 'none is active' : `${key.kid} (${key.alg})`;
  terminal.say(
    [
      created ? `${terminal.aside.green('Set up')} environment ${env}` : `Environment ${env} is set up already`,
      ...fieldLines([...placeFields(settings, plan.caller), ['signing key', signer]], terminal.aside),
      ...(plan.newKey === undefined || settings.keys.scheme === 'file'
        ? []
        : [
            'A role whose policy knows the key by its alias may have to wait five minutes: KMS says so of new aliases.',
          ]),
      `Next: apikey doctor --env ${env}, or apikey issue --env ${env} --client NAME`,
    ].join('\n'),
  );
}

interface PlaceJson {
  readonly env: string;
  readonly registry: string;
  readonly keys: string;
  readonly account: string;
  readonly region: string;
  readonly caller: string;
}

function placeJson({ caller }: InitPlan, { env, registry, keys }: Settings): PlaceJson {
  return {
    env: env.value,
    registry: placeOf(registry),
    keys: placeOf(keys),
    account: caller.account,
    region: caller.region,
    caller: caller.arn,
  };
}
