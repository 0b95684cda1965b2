/** Lines of log and metrics: one for each decision, in CloudWatch's own format, and nothing of a token in them. */
import { describe, expect, test } from 'vitest';
import { START, World } from '../../test/world.ts';
import type { DecisionReport } from '../decision.ts';
import { decisionLines } from './decision-lines.ts';

const allowed: DecisionReport = {
  allowed: true,
  client: 'partner',
  jti: '00000000-0000-4000-8000-000000000001',
  kid: 'k'.repeat(43),
  latencyMs: 1.25,
  cache: { token: 'hit', status: 'miss' },
};
const denied: DecisionReport = {
  allowed: false,
  reason: 'bad_signature',
  latencyMs: 0.5,
  cache: { token: 'miss', status: 'none' },
};
const fault: DecisionReport = { ...denied, reason: undefined, fault: 'REGISTRY_UNAVAILABLE' } as never;

function lineOf(
  report: DecisionReport,
  settings: { log?: boolean; metrics?: string; trackUsage?: boolean } = {},
): Record<string, unknown> {
  const lines: string[] = [];
  const { log = false, metrics, trackUsage = false } = settings;
  const listener = decisionLines(
    { log, metrics, functionName: 'f', trackUsage },
    (line) => lines.push(line),
    () => START * 1000,
  );
  listener?.(report);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  return JSON.parse(lines[0] ?? '');
}

test('without log and metrics there is no listener at all', () => {
  expect(
    decisionLines({ log: false, metrics: undefined, functionName: 'f', trackUsage: false }, () => {}, Date.now),
  ).toBeUndefined();
});

describe('the log', () => {
  test('has what is known of a decision', () => {
    expect(lineOf(allowed, { log: true })).toEqual({
      type: 'apikey.decision',
      at: '2027-01-15T08:00:00.000Z',
      ...allowed,
    });
    expect(Object.keys(lineOf(denied, { log: true }))).toEqual([
      'type',
      'at',
      'allowed',
      'reason',
      'latencyMs',
      'cache',
    ]);
  });
});

describe('metrics', () => {
  test.each([
    [allowed, { Reason: 'allowed', Denials: 0, Faults: 0, TokenCacheHits: 1, StatusCacheHits: 0, Latency: 1.25 }],
    [denied, { Reason: 'bad_signature', Denials: 1, Faults: 0, TokenCacheHits: 0, StatusCacheHits: 0, Latency: 0.5 }],
    [fault, { Reason: 'REGISTRY_UNAVAILABLE', Denials: 0, Faults: 1 }],
    [{ ...denied, problem: 'RECORD_INVALID' as const }, { RegistryProblems: 1 }],
  ])('count %#', (report, expected) => {
    expect(lineOf(report, { metrics: 'apikey' })).toMatchObject({ ...expected, Decisions: 1, FunctionName: 'f' });
  });

  test('are declared as the embedded metric format asks for, and each of them is there', () => {
    const line = lineOf(allowed, { log: true, metrics: 'gov/apikey' });
    const { Timestamp, CloudWatchMetrics } = line['_aws'] as {
      Timestamp: number;
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
    };
    expect(Timestamp).toBe(START * 1000);
    for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
      expect(Namespace).toBe('gov/apikey');
      for (const name of Dimensions.flat()) expect(typeof line[name]).toBe('string');
      for (const { Name } of Metrics) expect(typeof line[Name]).toBe('number');
    }
    expect(line).toMatchObject({ type: 'apikey.decision', client: 'partner' });
  });

  test.each([
    [undefined, 0, 0],
    ['written' as const, 1, 0],
    ['late' as const, 0, 1],
    ['lost' as const, 0, 1],
    ['paused' as const, 0, 1],
  ])('count a use that was %s, where uses are recorded', (usage, UsageWrites, UsageLosses) => {
    const report = usage === undefined ? allowed : { ...allowed, usage };
    const line = lineOf(report, { metrics: 'apikey', trackUsage: true });
    expect(line).toMatchObject({ UsageWrites, UsageLosses });
    expect(JSON.stringify(line['_aws'])).toMatch(/"UsageWrites".*"UsageLosses"/);
    expect(JSON.stringify(lineOf(report, { metrics: 'apikey' }))).not.toContain('Usage');
    expect(lineOf(report, { log: true })['usage']).toBe(usage);
  });

  test('name no client and no token', () => {
    expect(JSON.stringify(lineOf(allowed, { metrics: 'apikey' }))).not.toMatch(/partner|0000-4000/);
  });
});

test('lines hold nothing of a token that is not live, and nothing of the token in any case', async () => {
  const world = new World();
  const lines: string[] = [];
  const onDecision = decisionLines(
    { log: true, metrics: 'apikey', functionName: 'f', trackUsage: true },
    (line) => lines.push(line),
    () => START * 1000,
  );
  const authorizer = world.authorizer({ onDecision });
  const { token, claims } = world.issue({ scopes: ['very:special'] });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const forged = `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: 'intruder', client_id: 'intruder' })).toString('base64url')}.${signature}`;
  const unknown = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'Z'.repeat(43) })).toString('base64url')}.${payload}.${signature}`;
  for (const presented of [token, forged, unknown, 'hunter2', undefined]) {
    // oxlint-disable-next-line no-await-in-loop
    await authorizer.authorize({ token: presented });
  }
  expect(lines).toHaveLength(5);
  for (const secret of [header, payload, signature, 'intruder', 'hunter2', 'ZZZZ', 'very:special', claims.rnd]) {
    expect(lines.join('\n')).not.toContain(secret);
  }
});
