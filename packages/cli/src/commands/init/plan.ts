/** What an environment on AWS still lacks: found out before anything is made. */
import { MAIN_RING, RefusedError, type KeyRing, type RingKey, type SigningAlg } from '@apikey/shared';
import { ifSetUp, openRegistry } from '../../backends.ts';
import type { Caller } from '../../backends/caller.ts';
import type { Table, TableState, TableStep } from '../../backends/table.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Field } from '../../terminal/fields.ts';
import type { Missing } from './missing.ts';

export interface NewKey {
  readonly alg: SigningAlg;
  readonly multiRegion: boolean;
}

export interface InitPlan {
  readonly caller: Caller;
  /** What is to be done to the table, in this order. */
  readonly tableSteps: readonly TableStep[];
  /** The first key, where there is no ring yet. */
  readonly newKey: NewKey | undefined;
  readonly activeKey: RingKey | undefined;
  /** What could not be looked at. */
  readonly missing: readonly Missing[];
}

export interface PlannedStep {
  readonly step: TableStep | 'create-key';
  readonly does: string;
}

/** Throws `FINDINGS` for a table that is otherwise than apikey would have made it: its owner has to decide. */
export async function planInit(
  settings: Settings,
  caller: Caller,
  table: Table | undefined,
  newKey: NewKey,
): Promise<InitPlan> {
  const state = await table?.look();
  if (state !== undefined && state.differences.length > 0) throw differs(state, settings);
  const ring = await readRing(settings, state);
  return {
    caller,
    tableSteps: state?.steps ?? [],
    newKey: ring === undefined ? newKey : undefined,
    activeKey: ring?.keys.find((key) => key.state === 'active'),
    missing: unknownSteps(state),
  };
}

function unknownSteps(state: TableState | undefined): Missing[] {
  const failure = state?.facts?.recoveryUnknown;
  return failure === undefined ? [] : [{ step: 'enable-point-in-time-recovery', failure }];
}

export function plannedSteps({ tableSteps, newKey }: InitPlan, table: Table | undefined): PlannedStep[] {
  const steps: PlannedStep[] = tableSteps.map((step) => ({ step, does: table?.words(step) ?? step }));
  if (newKey === undefined) return steps;
  const kind = newKey.multiRegion ? 'multi-Region signing key' : 'signing key';
  return [
    ...steps,
    { step: 'create-key', does: `make a ${kind} (${newKey.alg}), and a key ring in which it is active` },
  ];
}

/** Where the steps would be taken, and by whom. */
export function placeFields({ registry, keys }: Settings, { account, region, arn }: Caller): Field[] {
  return [
    ['account', account],
    ['Region', region],
    ['caller', arn],
    ['registry', placeOf(registry)],
    ['keys', placeOf(keys)],
  ];
}

export function placeOf({ scheme, place }: Settings['registry'] | Settings['keys']): string {
  return `${scheme}:${place}`;
}

async function readRing(settings: Settings, table: TableState | undefined): Promise<KeyRing | undefined> {
  // A table that cannot be read yet is young: that it is empty is the best guess, and looked up again before a key is made.
  if (table !== undefined && !table.ready) return undefined;
  const registry = await ifSetUp(openRegistry(settings, 'read'));
  try {
    return await registry?.getRing(MAIN_RING);
  } finally {
    await registry?.close();
  }
}

function differs({ differences }: TableState, { registry, env }: Settings): RefusedError {
  const rows = differences.map(({ property, expected, actual }) => `${property} is ${actual}, expected ${expected}`);
  return new RefusedError('FINDINGS', `the table ${registry.place} exists and differs; nothing was changed`, {
    why: rows.join('; '),
    fix: `change the table, or name another as registry of [envs.${env.value}]; then run apikey init again`,
  });
}
