/**
 * `audit reconcile` on the emulator, whose event history is written to files in CloudTrail's form. The emulator names
 * the caller and the key otherwise than CloudTrail does (a user for every caller, `KeyId` for `keyId`, no `resources`);
 * request ids and times are as it recorded them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { Session } from './session.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];
const HOUR = 3_600_000;

interface Trail {
  requestID: string;
  eventID: string;
  eventTime: string;
  userIdentity: object;
  resources: object[];
}

describeOnEmulator(aws, 'reconciling with CloudTrail', () => {
  let session: AwsSession;
  let keyArn = '';
  let caller = '';
  let jti = '';

  /** The Sign calls of this environment's key, in the form that CloudTrail delivers. */
  const trail = async (): Promise<Trail[]> => {
    const client = new CloudTrailClient({ maxAttempts: 1 });
    const { Events = [] } = await client.send(
      new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'Sign' }] }),
    );
    client.destroy();
    return Events.map(
      ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent) as Trail & { requestParameters: object },
    )
      .filter(({ requestParameters }) => JSON.stringify(requestParameters).includes(keyArn))
      .map((event) => ({
        ...event,
        userIdentity: { type: 'IAMUser', arn: caller },
        resources: [{ type: 'AWS::KMS::Key', ARN: keyArn }],
      }));
  };
  const files = (name: string, ...parts: (readonly Trail[])[]): string => {
    const folder = join(session.home, name);
    mkdirSync(folder, { recursive: true });
    for (const [index, records] of parts.entries()) {
      writeFileSync(join(folder, `${index}.json.gz`), gzipSync(JSON.stringify({ Records: records })));
    }
    return folder;
  };
  const window = (): string[] => [
    '--since',
    new Date(session.now - HOUR).toISOString(),
    '--until',
    new Date(session.now + HOUR).toISOString(),
  ];
  const judge = async (folder: string): Promise<{ code: number; result: Record<string, unknown> }> => {
    const reconcile = ['audit', 'reconcile', '--json', '--cloudtrail', folder];
    const { code, stdout } = await session.run([...reconcile, ...window(), ...PROD]);
    return { code, result: JSON.parse(stdout) as Record<string, unknown> };
  };

  beforeAll(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await fetch(`${aws.env['AWS_ENDPOINT_URL'] ?? ''}/_ministack/config`, {
      method: 'POST',
      body: JSON.stringify({ 'cloudtrail._recording_enabled': 'true' }),
    });
    await session.init();
    const issued = await session.run(['issue', '--client', 'partner', '--json', ...PROD]);
    ({ jti } = JSON.parse(issued.stdout) as { jti: string });
    session.now += 1_000;
    await session.run(['rotate', jti, '-o', join(session.home, 'token'), ...PROD]);
    const shown = await session.run(['show', jti, '--json', ...PROD]);
    ({ issuedBy: caller } = JSON.parse(shown.stdout) as { issuedBy: string });
    const keys = await session.run(['keys', 'list', '--json', ...PROD]);
    [{ ref: keyArn } = { ref: '' }] = JSON.parse(keys.stdout) as { ref: string }[];
  });

  afterAll(() => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
  });

  it('accounts for every token and every signature', async () => {
    const calls = await trail();
    // A token and its grant, twice.
    expect(calls).toHaveLength(4);
    const { code, result } = await judge(files('whole', calls.slice(1), calls));
    expect(result).toMatchObject({
      ok: true,
      matched: 2,
      grants: 2,
      findings: [],
      abandoned: [],
      ignored: { duplicates: 3 },
    });
    expect(code).toBe(0);
  });

  it('finds a signature that nobody here made, and says so to a person', async () => {
    const [call, ...others] = await trail();
    if (call === undefined) throw new Error('nothing was signed');
    const thief = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/thief' };
    const forged = { ...call, requestID: 'forged', eventID: 'forged', userIdentity: thief };
    const folder = files('forged', [call, forged, ...others]);
    expect(await judge(folder)).toMatchObject({
      code: 11,
      result: { matched: 2, findings: [{ kind: 'unexplained_signature', requestId: 'forged', principal: thief.arn }] },
    });
    const { code, stdout } = await session.run(['audit', 'reconcile', '--cloudtrail', folder, ...window(), ...PROD]);
    expect(code).toBe(11);
    expect(stdout).toContain('✗ a signature that nothing in the registry accounts for');
    expect(stdout).toContain('1 finding in environment prod');
    expect(stdout).toMatch(/grants +2 signatures over commits that prepared tokens/);
  });

  it('finds a token whose signature is not in the log', async () => {
    const calls = await trail();
    expect(await judge(files('short', calls.slice(1)))).toMatchObject({
      code: 11,
      result: { matched: 1, findings: [{ kind: 'token_without_signature', client: 'partner' }] },
    });
  });

  it('takes events of another account for those of other keys', async () => {
    const calls = await trail();
    const foreign = calls.map((call) => ({
      ...call,
      eventID: `foreign-${call.eventID}`,
      resources: [{ ARN: keyArn.replace('111122223333', '999988887777') }],
    }));
    expect(await judge(files('foreign', calls, foreign))).toMatchObject({
      code: 0,
      result: { matched: 2, ignored: { otherKeys: 4 } },
    });
  });

  it('refuses a file that is cut off, whatever the others hold', async () => {
    const folder = files('cut', await trail());
    writeFileSync(join(folder, '9.json.gz'), gzipSync(JSON.stringify({ Records: [] })).subarray(0, 12));
    const { code, stdout, stderr } = await session.run(['audit', 'reconcile', '--cloudtrail', folder, ...PROD]);
    expect({ code, stdout }).toEqual({ code: 9, stdout: '' });
    expect(stderr).toContain('EVIDENCE_DAMAGED');
  });

  it('asks the event history itself', async () => {
    const { code, stdout } = await session.run(['audit', 'reconcile', '--lookup', '--json', ...PROD]);
    // Nothing that old can be judged here: what was just made is too young for CloudTrail to have.
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, matched: 0, findings: [], unjudged: 2 });
    expect(code).toBe(0);
  });
});

describe('reconciling without CloudTrail', () => {
  it('is refused where keys are files, and without anything to reconcile with', async () => {
    using session = new Session();
    await session.run(['issue', '--client', 'partner']);
    const refused = await session.run(['audit', 'reconcile', '--lookup']);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toContain('its signing keys are files');
    expect(await session.run(['audit', 'reconcile'])).toMatchObject({ code: 2 });
  });
});
