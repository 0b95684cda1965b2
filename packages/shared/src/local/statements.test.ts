import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { migrate } from './registry-schema.ts';
import { ONE, PAGE } from './statements.ts';

it.each(Object.entries({ ...ONE, ...PAGE }))('answers %s from an index, in order, without sorting', (_, sql) => {
  const db = new DatabaseSync(':memory:');
  migrate(db, ':memory:');
  const values = Array.from({ length: (sql.match(/\?(?!\d)/g) ?? ['', '']).length }, () => 1);
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  const steps = plan
    .map(({ detail }) => String(detail))
    .filter((detail) => !/^SCALAR SUBQUERY|^SCAN CONSTANT ROW/.test(detail));
  db.close();
  expect(steps).not.toEqual([]);
  for (const step of steps) expect(step).toMatch(/^SEARCH \w+ USING INDEX /);
});
