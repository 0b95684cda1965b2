/** The zip in AWS's own Lambda runtime client: its start, a thousand invocations, and what they leave behind. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFunction } from './built-function.ts';
import { ALLOW, putInKms, startFakeAws, TABLE, type FakeAws } from './fake-aws.ts';
import { requestEvent, tokenEvent } from './lambda-events.ts';
import { readZip } from './read-zip.ts';
import { RIC_INSTALLED, startRuntime } from './runtime-api.ts';
import { AUDIENCE, ISSUER, World, type Issued, type IssueOptions } from './world.ts';

const required = (process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/[\s,]+/).includes('ric');
const reason = RIC_INSTALLED || required ? '' : ' (skipped: tools/ric/install.sh was not run)';

/** Beside the function: its handlers, and a look at its own process after everything unused was collected. */
const PROBE = `
import { rest } from './index.mjs';
export { rest } from './index.mjs';
// Node opens either stream when it is first looked at, some time or other, and keeps it: both are open from the start.
export const streams = [process.stdout, process.stderr];
export const probe = async (event) => {
  if (event.probe !== true) return rest(event);
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { heap: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo() };
};
`;

interface Probed {
  readonly heap: number;
  readonly resources: readonly string[];
}

const WARM_UP = 200;
const INVOCATIONS = 1000;
/**
 * How much larger the heap may be after the last invocation than after the warm-up, both times after full collections. It
 * takes a few hundred more invocations until V8 has compiled all that it will (about 1 MB, and then nothing more).
 */
const MAX_GROWTH = 3_000_000;
/** Makes each event so large that keeping them, or what came of them, would exceed that twice. */
const PADDING = { 'X-Padding': 'x'.repeat(8_000) };
/** Invocations come one after the other, so one connection to the registry is enough, and another one to KMS. */
const MAX_SOCKETS = 2;

describe.skipIf(reason !== '')(`the zip in the runtime client of Lambda${reason}`, () => {
  let folder = '';
  let world: World;
  let aws: FakeAws;
  const now = Math.floor(Date.now() / 1000);
  const issue = (options: IssueOptions = {}): Issued =>
    world.issue({ ...options, claims: { iat: now, exp: now + 3600 } });
  const variables = (): Record<string, string> => ({
    ...aws.env,
    APIKEY_TABLE: TABLE,
    APIKEY_ISSUER: ISSUER,
    APIKEY_AUDIENCE: AUDIENCE,
    APIKEY_KEYS_ALLOW: ALLOW,
    APIKEY_METRICS: 'emf',
  });

  beforeAll(async () => {
    if (!RIC_INSTALLED) throw new Error('APIKEY_TEST_REQUIRE names ric, but tools/ric/install.sh was not run');
    folder = await mkdtemp(join(tmpdir(), 'apikey-ric-'));
    await using built = await buildFunction();
    const archive = await readFile(join(built.folder, 'apikey-authorizer.zip'));
    await mkdir(folder, { recursive: true });
    await Promise.all(readZip(archive).map(({ name, contents }) => writeFile(join(folder, name), contents)));
    await writeFile(join(folder, 'probe.mjs'), PROBE);
    world = new World();
    putInKms(world);
    aws = await startFakeAws(world);
  });

  afterAll(async () => {
    await aws[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('starts, answers, and reports 401 and faults as Lambda hands them to the gateway', async () => {
    await using runtime = await startRuntime(folder, 'index.rest', variables());
    const { token, jti } = issue({ scopes: ['plans:read'] });
    const allowed = await runtime.invoke(requestEvent(token));
    expect(allowed).toMatchObject({ kind: 'response', body: { principalId: 'partner', context: { jti } } });
    const denied = await runtime.invoke(tokenEvent('garbage'));
    expect(denied).toMatchObject({ kind: 'error', body: { errorType: 'Error', errorMessage: 'Unauthorized' } });
    aws.break(true);
    const fault = await runtime.invoke(tokenEvent(token));
    aws.break(false);
    expect(fault).toMatchObject({ kind: 'error', body: { errorType: 'AuthorizerFault' } });
    const written = runtime.output();
    expect(written).not.toContain(token);
    // Metrics are lines of JSON alone: the runtime must not have put anything before them.
    const lines = written.split('\n').filter((line) => line.includes('"_aws"'));
    expect(lines.map((line) => (JSON.parse(line) as { Reason: string }).Reason)).toEqual([
      'allowed',
      'malformed',
      'REGISTRY_UNAVAILABLE',
    ]);
  });

  test('reports a wrong variable as an error of its start', async () => {
    const { APIKEY_TABLE: _, ...rest } = variables();
    await using runtime = await startRuntime(folder, 'index.rest', rest);
    const outcome = await runtime.invoke(tokenEvent('garbage'));
    expect(outcome.kind).toBe('init');
    expect(JSON.stringify(outcome.body)).toContain('APIKEY_TABLE is required');
  });

  test('goes through a thousand invocations without keeping memory or sockets', async () => {
    await using runtime = await startRuntime(folder, 'probe.probe', variables());
    const tokens = Array.from({ length: 20 }, () => issue().token);
    const revoked = issue();
    world.revoke(revoked.jti);
    const probe = async (): Promise<Probed> => (await runtime.invoke({ probe: true })).body as Probed;
    const probes: Probed[] = [];
    const seen = { response: 0, error: 0, init: 0 };
    for (let index = 1; index <= INVOCATIONS; index += 1) {
      // Of five, three live tokens in turn, a revoked one, and one that nobody has seen before.
      const live = tokens[index % tokens.length] ?? '';
      const token = index % 5 === 0 ? revoked.token : index % 5 === 1 ? `${live}${index}` : live;
      const { kind, body } = await runtime.invoke(requestEvent(token, { headers: PADDING }));
      seen[kind] += 1;
      if (kind === 'error') expect(body).toMatchObject({ errorMessage: 'Unauthorized' });
      if (index === WARM_UP || index === INVOCATIONS) {
        probes.push(await probe());
        expect(await aws.connections()).toBeLessThanOrEqual(MAX_SOCKETS);
      }
    }
    expect(seen).toEqual({ response: INVOCATIONS * 0.6, error: INVOCATIONS * 0.4, init: 0 });
    const [warm, last] = probes;
    if (warm === undefined || last === undefined) throw new Error('not probed');
    expect(last.heap - warm.heap).toBeLessThan(MAX_GROWTH);
    // Nothing is left to be done, either: no timers, no requests under way.
    expect(last.resources).toEqual(warm.resources);
    expect(last.resources).not.toContain('Timeout');
    expect(aws.calls.filter((call) => call === 'GetPublicKey').length).toBeLessThanOrEqual(2);
  });
});
