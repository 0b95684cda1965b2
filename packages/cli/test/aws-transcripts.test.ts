/** The scripted session of rotation, clients and keys, on AWS: word for word what it is on the embedded backend. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { startFaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { stubTestAws } from './aws-session.ts';
import { Session } from './session.ts';
import { playTranscript } from './transcript-player.ts';

const aws = await awsForTests();

// On the emulator alone: the session lasts for weeks, and AWS would not follow its clock.
describeOnEmulator(aws, 'the transcript of rotations', () => {
  afterAll(() => vi.unstubAllEnvs());

  it('reads the same on DynamoDB and KMS', async () => {
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
      const script = readFileSync(join(import.meta.dirname, 'transcripts', 'rotation.txt'), 'utf8');
      expect(await playTranscript(session, script)).toBe(script);
    } finally {
      await proxy.stop();
    }
  });
});
