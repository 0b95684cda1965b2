/** One row of the table that the suite prints: what was asked of the deployed APIs, what had to come, and what came. */
import { expect } from 'vitest';

export interface Case {
  /** The API, and seconds for which it reuses answers. */
  readonly api: string;
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
}

declare module 'vitest' {
  interface TaskMeta {
    cases?: Case[];
  }
}

interface Task {
  readonly meta: { cases?: Case[] };
}

/** Notes a case for the table and fails the test if what was seen is not what was expected. */
export function settle(task: Task, row: Case): void {
  note(task, row);
  expect(row.seen, `${row.api}: ${row.name}`).toBe(row.expected);
}

/** Notes a case that the test judges itself. */
export function note(task: Task, row: Case): void {
  task.meta.cases = [...(task.meta.cases ?? []), row];
}
