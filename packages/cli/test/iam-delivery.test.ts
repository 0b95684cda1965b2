/** `apikey iam issuer --deliver-to`: allows what a delivery calls, on the stores that were named, and nothing else. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  awsError,
  startFaultProxy,
  type FaultProxy,
  type WireCall,
  type WireFault,
} from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { isAllowed, type Need } from '../../../tools/iam/evaluate.ts';
import { storeNeeds } from '../../../tools/iam/needs.ts';
import type { Policy } from '../src/commands/iam/policy.ts';
import { stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { Session } from './session.ts';

const aws = await awsForTests();
const OFFLINE = ['--account', '111122223333', '--region', 'us-east-1'];

async function policyFor(session: Session, ...stores: readonly string[]): Promise<Policy> {
  const flags = stores.flatMap((store) => ['--deliver-to', store]);
  const { code, stdout, stderr } = await session.run(['iam', 'issuer', ...OFFLINE, ...flags]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Policy;
}

async function deniedBy(policy: Policy, needs: readonly Need[]): Promise<Need[]> {
  const allowed = await Promise.all(needs.map((need) => isAllowed(policy, need)));
  return needs.filter((_, n) => allowed[n] !== true);
}

describe('the policy of an issuer who delivers', () => {
  it('names every store once, by its ARN, and says why', async () => {
    using session = new Session();
    const arn = 'arn:aws:secretsmanager:eu-west-1:999988887777:secret:shared-AbCdEf';
    const stores = ['secretsmanager:a#x', 'secretsmanager:a#y', `secretsmanager:${arn}`, 'ssm:/a/b', 'ssm:/a/b'];
    const flags = stores.flatMap((store) => ['--deliver-to', store]);
    const { stdout, stderr } = await session.run(['iam', 'issuer', ...OFFLINE, ...flags]);
    const { Statement }: Policy = JSON.parse(stdout);
    expect(Object.fromEntries(Statement.map(({ Sid, Resource }) => [Sid, Resource]))).toEqual({
      DeliverToSecrets: ['arn:aws:secretsmanager:us-east-1:111122223333:secret:a-??????', arn],
      DeliverToParameters: [
        'arn:aws:ssm:us-east-1:111122223333:parameter/a/b',
        'arn:aws:ssm:us-east-1:111122223333:parameter/a/b.apikey-*',
      ],
      TidyParameters: ['arn:aws:ssm:us-east-1:111122223333:parameter/a/b.apikey-*'],
      DescribeParameters: '*',
    });
    for (const { Sid } of Statement) expect(stderr).toMatch(new RegExp(`^  ${Sid} +\\S`, 'm'));
  });

  it('is not for stores that are none, nor for other roles', async () => {
    using session = new Session();
    expect((await session.run(['iam', 'issuer', ...OFFLINE, '--deliver-to', 'ssm:relative'])).code).toBe(2);
    expect((await session.run(['iam', 'revoker', ...OFFLINE, '--deliver-to', 'ssm:/a'])).code).toBe(2);
    expect((await session.run(['iam', 'issuer', ...OFFLINE])).code).toBe(2);
  });
});

describeOnEmulator(aws, 'the policy of an issuer, held to what a delivery calls', (endpoint) => {
  const SECRET = `iam/api-${process.pid}`;
  const PATH = `/iam/token-${process.pid}`;
  const needs: Need[] = [];
  const refused: Need[] = [];
  const proxies: FaultProxy[] = [];
  let session: Session;
  let policy: Policy;

  beforeAll(async () => {
    session = new Session();
    policy = await policyFor(session, `secretsmanager:${SECRET}`, `ssm:${PATH}`);
    /** The emulator looks at no policy, so that a proxy before it does. */
    const guard =
      (service: 'secretsmanager' | 'ssm') =>
      async ({ operation, body }: WireCall): Promise<WireFault | undefined> => {
        const asked = storeNeeds(service, operation, body);
        const denied = await deniedBy(policy, asked);
        refused.push(...denied);
        needs.push(...asked);
        return denied.length === 0 ? undefined : awsError('AccessDeniedException');
      };
    for (const service of ['secretsmanager', 'ssm'] as const) {
      const proxy = await startFaultProxy(endpoint);
      proxy.plan(guard(service));
      proxies.push(proxy);
    }
    const [secrets, parameters] = proxies;
    stubTestAws(aws, session, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets?.endpoint ?? '',
      AWS_ENDPOINT_URL_SSM: parameters?.endpoint ?? '',
    });
    await call(endpoint, 'secretsmanager', 'CreateSecret', { Name: SECRET, SecretString: '{}' });
    for (const to of [`secretsmanager:${SECRET}#token`, `ssm:${PATH}`]) {
      const client = to.startsWith('ssm') ? 'parameter' : 'secret';
      for (const argv of [['issue'], ['rotate', '--grace', '0', '--yes']]) {
        const { code, stderr } = await session.run([...argv, '--client', client, '--to', to]);
        if (code !== 0) throw new Error(stderr);
      }
    }
  });
  afterAll(async () => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
    for (const proxy of proxies) await proxy.stop();
  });

  it('allows all of it', () => {
    expect(needs.length).toBeGreaterThan(20);
    expect(refused).toEqual([]);
  });

  it('has nothing that no delivery calls', async () => {
    const unused: string[] = [];
    for (const statement of policy.Statement) {
      const denied = new Set(await deniedBy({ ...policy, Statement: [statement] }, needs));
      const used = new Set(needs.filter((need) => !denied.has(need)).map(({ action }) => action));
      unused.push(...statement.Action.filter((action) => !used.has(action)));
    }
    expect(unused).toEqual([]);
  });

  it('reaches no other secret or parameter, and deletes none', async () => {
    const other = await policyFor(session, `secretsmanager:${SECRET}-other`, `ssm:${PATH}-other`);
    const specific = needs.filter(({ resource }) => resource !== '*');
    expect(await deniedBy(other, specific)).toEqual(specific);
    for (const action of ['secretsmanager:DeleteSecret', 'secretsmanager:UpdateSecret', 'ssm:DeleteParameter']) {
      const resources = specific.map(({ resource }) => resource).filter((arn) => !arn.includes('.apikey-'));
      // Each action with the resources of its service.
      const asked = resources.filter((arn) => arn.split(':')[2] === action.split(':')[0]);
      const needed = asked.map((resource) => ({ action, resource, context: {} }));
      expect(await deniedBy(policy, needed)).toEqual(needed);
    }
  });
});
