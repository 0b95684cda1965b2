/** What runs on a schedule, deployed by the template: notices of tokens that expire, and seals of the audit log. */
// oxlint-disable vitest/expect-expect -- `settle` asserts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awsForTests, describeOnEmulator } from '../emulator/testing.ts';
import { settle } from './cases.ts';
import { emulatorCall, invoke, Subscriber } from './emulator-calls.ts';
import { makeWorld, type World } from './world.ts';

const aws = await awsForTests();
const DAY = 86_400_000;
const DAYS = [30, 14, 7, 1];

describeOnEmulator(aws, 'on a schedule', (endpoint) => {
  let world: World;
  let inbox: Subscriber;

  beforeAll(async () => {
    world = await makeWorld(aws, endpoint, 'scheduled', { resultTtl: 0, scheduled: true });
    // Seals and grants name their environment as the template does.
    const config = join(world.cli.home, 'apikey.toml');
    writeFileSync(
      config,
      readFileSync(config, 'utf8')
        .replace('env = "prod"', 'env = "scheduled"')
        .replace('[envs.prod]', '[envs.scheduled]'),
    );
    inbox = new Subscriber(endpoint);
    await inbox.subscribe(world.deployment.topic, 'notices');
  });
  afterAll(async () => {
    await world?.stop();
  });

  const notify = (at: number): Promise<unknown> =>
    invoke(endpoint, 'apikey-scheduled-notifier', { time: new Date(at).toISOString() });

  test('each token is told of at 30, 14, 7 and 1 days, once each, in 40 days with a run every day', async ({
    task,
  }) => {
    const lives = [40, 31, 30, 20, 8, 7, 2];
    const tokens = new Map<string, number>();
    for (const life of lives) {
      const issue = ['issue', '--client', `client-${life % 3}`, '--ttl', `${life}d`];
      const { jti } = await world.cli.json<{ jti: string }>(issue);
      tokens.set(jti, life);
    }
    await world.apikey('clients', 'set', 'client-0', '--contact', 'ops@partner.example');
    const start = Date.now();
    const told = [];
    for (let day = 0; day <= 40; day += 1) {
      await notify(start + day * DAY);
      // EventBridge delivers at least once: the same run may come again.
      await notify(start + day * DAY);
      for (const { Message, MessageAttributes } of await inbox.take()) {
        const { days, contact } = Object(MessageAttributes);
        for (const [jti] of Message.matchAll(/(?<=^ {2})[0-9a-f-]{36}$/gm)) {
          told.push(`${tokens.get(jti)}: ${days.Value} ${contact?.Value ?? '-'} on day ${day}`);
        }
      }
    }
    const expected = lives.flatMap((life) =>
      DAYS.filter((days) => days < life).map(
        (days) => `${life}: ${days} ${life % 3 === 0 ? 'ops@partner.example' : '-'} on day ${life - days}`,
      ),
    );
    expect(told.toSorted()).toEqual(expected.toSorted());
    settle(task, { api: 'SNS', name: '40 days of notices', expected: 'each once', seen: 'each once' });
  });

  test('a topic that is gone makes the run fail, and what it could not tell comes with the next one', async ({
    task,
  }) => {
    const { jti } = await world.cli.json<{ jti: string }>(['issue', '--client', 'late', '--ttl', '20d']);
    const at = Date.now() + 13 * DAY;
    const sns = (parameters: Record<string, string>): Promise<string> =>
      emulatorCall(endpoint, 'sns', {
        method: 'POST',
        body: new URLSearchParams({ Version: '2010-03-31', ...parameters }),
      });
    await sns({ Action: 'DeleteTopic', TopicArn: world.deployment.topic });
    await expect(notify(at)).rejects.toThrow('there is no such SNS topic');
    await sns({ Action: 'CreateTopic', Name: world.deployment.topic.split(':').at(-1) ?? '' });
    await inbox.subscribe(world.deployment.topic, 'notices');
    expect(await notify(at)).toEqual({ told: 1 });
    const [message] = await inbox.take();
    settle(task, {
      api: 'SNS',
      name: 'topic gone and back',
      expected: 'told',
      seen: message?.Message.includes(jti) === true ? 'told' : 'lost',
    });
  });

  test('the audit log is sealed, and the copy in Parameter Store verifies', async ({ task }) => {
    const sealed = Object(await invoke(endpoint, 'apikey-scheduled-sealer', {}));
    expect(sealed).toMatchObject({ kid: expect.any(String), chains: expect.any(Number) });
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' };
    const body = JSON.stringify({ Name: '/scheduled/seal' });
    const parameter = Object(JSON.parse(await emulatorCall(endpoint, 'ssm', { method: 'POST', headers, body })));
    const { code, stdout } = await world.cli.run(
      ['audit', 'verify', '--seal', '-', '--json'],
      `${parameter.Parameter.Value}\n`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ findings: [] });
    settle(task, { api: 'SSM', name: 'seal on a schedule', expected: 'exit 0', seen: `exit ${code}` });
  });
});
