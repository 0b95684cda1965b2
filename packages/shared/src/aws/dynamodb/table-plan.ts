/** Compares a table with its spec: what is still to be done, and what differs and is left alone. */
import type { TableFacts } from './table-facts.ts';
import type { TableSpec } from './table-spec.ts';

/** A property of an existing table that is not as it should be. */
export interface TableDifference {
  readonly property: string;
  readonly expected: string;
  readonly actual: string;
}

/** The steps that make a table complete, in their order. */
export type TableStep = 'create-table' | 'enable-ttl' | 'enable-point-in-time-recovery';

export const TABLE_STEPS: Readonly<Record<TableStep, string>> = {
  'create-table': 'create the table with its index, on-demand, with deletion protection and tags',
  'enable-ttl': 'let items expire that are past their retention (TTL)',
  'enable-point-in-time-recovery': 'keep 35 days of point-in-time recovery',
};

/**
 * What is missing, as steps: all of them where there is no table, and those that a stopped set-up did not come to.
 * Nothing that somebody may have chosen is ever a step.
 */
export function planTable(facts: TableFacts | undefined): TableStep[] {
  if (facts === undefined) return ['create-table', 'enable-ttl', 'enable-point-in-time-recovery'];
  const steps: TableStep[] = [];
  if (facts.ttlStatus === 'DISABLED') steps.push('enable-ttl');
  if (!facts.pointInTimeRecovery && facts.recoveryUnknown === undefined) steps.push('enable-point-in-time-recovery');
  return steps;
}

/** What differs beyond the steps of `planTable`, property by property; empty for a table as `init` makes it. */
export function compareTable(facts: TableFacts, spec: TableSpec): TableDifference[] {
  const { keys, index } = spec;
  const rows: readonly (readonly [property: string, expected: string, actual: string])[] = [
    ['partition key', `${keys.partition} (S)`, facts.partitionKey],
    ['sort key', `${keys.sort} (S)`, facts.sortKey],
    [`index ${index.name}: partition key`, `${index.partition} (S)`, facts.indexPartitionKey],
    [`index ${index.name}: sort key`, `${index.sort} (S)`, facts.indexSortKey],
    [`index ${index.name}: projection`, index.projection, facts.indexProjection],
    ['billing', spec.billing, facts.billing],
    ['deletion protection', 'on', facts.deletionProtection ? 'on' : 'off'],
    ['TTL attribute', spec.ttlAttribute, facts.ttlStatus === 'DISABLED' ? spec.ttlAttribute : facts.ttlAttribute],
    ['TTL', 'on', facts.ttlStatus === 'DISABLING' ? 'being turned off' : 'on'],
  ];
  return rows
    .filter(([, expected, actual]) => expected !== actual)
    .map(([property, expected, actual]) => ({ property, expected, actual }));
}

/** Whether the table and its index can be used now; a table that is being created or changed cannot yet. */
export function isReady({ status, indexStatus }: TableFacts): boolean {
  return (status === 'ACTIVE' || status === 'UPDATING') && indexStatus === 'ACTIVE';
}
