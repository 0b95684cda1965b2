/** Scripted sessions on AWS: word for word what they are on the embedded backend. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dynamoUsage } from '@apikey/shared/dynamodb';
import { afterAll, expect, it, vi } from 'vitest';
import { startFaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { stubTestAws } from './aws-session.ts';
import { Session } from './session.ts';
import { playTranscript } from './transcript-player.ts';

const aws = await awsForTests();

// On the emulator alone: the session lasts for weeks, and AWS would not follow its clock.
describeOnEmulator(aws, 'the transcripts', () => {
  afterAll(() => vi.unstubAllEnvs());

  it.each(['rotation.txt', 'usage.txt'])('%s reads the same on DynamoDB and KMS', async (name) => {
    using session = new Session();
    const proxy = await startFaultProxy(aws.emulator ?? '');
    try {
      proxy.plan(() => ({
        kind: 'rewrite',
        answer: (body) => body,
        headers: { date: new Date(session.now).toUTCString() },
      }));
      const endpoints = ['', '_DYNAMODB', '_KMS', '_STS'].map((service) => [
        `AWS_ENDPOINT_URL${service}`,
        proxy.endpoint,
      ]);
      stubTestAws(aws, session, Object.fromEntries(endpoints));
      const table = `transcript-${randomUUID()}`;
      const config = ['[envs.local]', `registry = "dynamodb:${table}"`, `keys = "awskms:alias/${table}"`, ''];
      writeFileSync(join(session.cwd, 'apikey.toml'), config.join('\n'));
      expect(await session.run(['init', '--yes', '-q'])).toMatchObject({ code: 0 });
      const script = readFileSync(join(import.meta.dirname, 'transcripts', name), 'utf8');
      const usage = dynamoUsage({ table });
      const played = await playTranscript(session, script, (jti, usedAt) =>
        usage.recordUse({ jti, client: 'partner', usedAt, exp: usedAt }),
      );
      // Named because there is one; the embedded session has none.
      expect(played.replaceAll(/^! Configuration: .*\n/gm, '')).toBe(script);
    } finally {
      await proxy.stop();
    }
  });
});
