/** `apikey iam`: each policy allows what the commands of its role really call, and nothing else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthorizer, type DecisionReport } from '@apikey/authorizer';
import { dynamoStatus, dynamoUsage } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  awsError,
  startFaultProxy,
  type FaultProxy,
  type WireCall,
  type WireFault,
} from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import type { Policy } from '../src/commands/iam/policy.ts';
import { ROLES, type Role } from '../src/commands/iam/roles.ts';
import { allows, matches, needsOf, type Account, type Need } from './aws-policies.ts';
import { AwsSession, stubAws, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';

const aws = await awsForTests();
const OFFLINE = ['--account', '111122223333', '--region', 'us-east-1'];
const BREAK_GLASS = 'arn:aws:iam::111122223333:role/break-glass';
/** IAM's limit for a managed policy; white space does not count. */
const MAX_POLICY = 6_144;
/** What AWS gives no resource to; the program says so beside each. */
const WITHOUT_RESOURCE = [
  'cloudtrail:LookupEvents',
  'kms:CreateKey',
  'kms:ListAliases',
  'kms:ListKeys',
  'kms:TagResource',
];

async function policyOf(session: AwsSession, role: Role, ...flags: readonly string[]): Promise<Policy> {
  const { code, stdout, stderr } = await session.run(['iam', role, '--env', 'prod', ...OFFLINE, ...flags]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Policy;
}

describe('apikey iam without an account at hand', () => {
  let session: AwsSession;
  beforeAll(() => {
    session = new AwsSession();
    stubAws(session.home, {});
  });
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it.each(ROLES)('prints the policy of the %s as one JSON document, and the reasons on stderr', async (role) => {
    const { code, stdout, stderr } = await session.run(['iam', role, '--env', 'prod', ...OFFLINE]);
    expect(code).toBe(0);
    const { Version, Statement }: Policy = JSON.parse(stdout);
    expect(Version).toBe('2012-10-17');
    const sids = Statement.map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    for (const { Sid, Effect, Action, Resource } of Statement) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(['Allow', 'Deny']).toContain(Effect);
      for (const action of Action) expect(action).toMatch(/^(?:cloudtrail|dynamodb|kms):[A-Z][A-Za-z]+$/);
      for (const resource of [Resource].flat()) {
        if (resource === '*') for (const action of Action) expect(WITHOUT_RESOURCE).toContain(action);
        else
          expect(resource).toMatch(/^arn:aws:(?:dynamodb|kms):us-east-1:111122223333:(?:table|key|alias)\/[^*]*\*?$/);
      }
      expect(stderr).toMatch(new RegExp(`^  ${Sid} +\\S`, 'm'));
    }
    const quiet = await session.run(['iam', role, '--env', 'prod', ...OFFLINE, '-q']);
    expect(quiet).toEqual({ code, stdout, stderr: '' });
    const json = await session.run(['iam', role, '--env', 'prod', ...OFFLINE, '--json']);
    expect(json).toMatchObject({ code, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(stdout));
  });

  it('writes ARNs of the partition that the Region belongs to', async () => {
    const argv = ['iam', 'authorizer', '--env', 'prod', '--account', '111122223333', '--region'];
    expect((await session.run([...argv, 'us-gov-west-1'])).stdout).toContain('"arn:aws-us-gov:dynamodb:us-gov-west-1:');
    expect((await session.run([...argv, 'cn-north-1'])).stdout).toContain('"arn:aws-cn:kms:cn-north-1:');
  });

  it('keeps every policy within the limit of IAM, for the longest names there can be', async () => {
    using long = new AwsSession();
    long.configure(`dynamodb:${'t'.repeat(255)}`, `awskms:alias/${'k'.repeat(200)}`);
    const roles = ['a', 'b', 'c'].flatMap((name) => ['--break-glass-role', `${BREAK_GLASS}-${name.repeat(50)}`]);
    for (const role of ROLES) {
      const usage = role === 'authorizer' ? ['--track-usage'] : [];
      const policy = await policyOf(long, role, ...roles, ...usage);
      expect(JSON.stringify(policy).length).toBeLessThanOrEqual(MAX_POLICY);
    }
  });

  it.each(ROLES)('denies the %s to disable and delete keys, but for a break-glass role', async (role) => {
    const key = 'arn:aws:kms:us-east-1:111122223333:key/any';
    const need = (action: string, principal: string): Need => ({
      action,
      resource: key,
      context: { 'aws:PrincipalArn': [principal] },
    });
    const strict = await policyOf(session, role);
    const exempting = await policyOf(session, role, '--break-glass-role', BREAK_GLASS);
    const denied = (policy: Policy, principal: string): boolean =>
      ['kms:ScheduleKeyDeletion', 'kms:DisableKey'].every((action) =>
        policy.Statement.some(
          (statement) => statement.Effect === 'Deny' && matches(statement, need(action, principal)),
        ),
      );
    const other = 'arn:aws:iam::111122223333:role/admin';
    expect([denied(strict, BREAK_GLASS), denied(strict, other)]).toEqual([true, true]);
    expect([denied(exempting, BREAK_GLASS), denied(exempting, other)]).toEqual([false, true]);
  });

  it.each([
    ['an account that is none', ['--account', '1234']],
    ['a break-glass role that is none', ['--break-glass-role', 'admin']],
    ['a session in place of a role', ['--break-glass-role', 'arn:aws:sts::111122223333:assumed-role/admin/me']],
  ])('refuses %s', async (_, flags) => {
    const result = await session.run(['iam', 'issuer', '--env', 'prod', '--region', 'us-east-1', ...flags]);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('INVALID_INPUT') });
  });

  it('has nothing to say of an environment that is not on AWS', async () => {
    const result = await session.run(['iam', 'issuer', ...OFFLINE]);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('has nothing on AWS') });
  });
});

describeOnEmulator(aws, 'the policies of apikey iam, held to what commands call', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  let account: Account;
  const aliases = new Map<string, string[]>();
  /** What the commands of each role asked for, and got. */
  const needs = new Map<Role, Need[]>(ROLES.map((role) => [role, []]));
  const refused = new Map<Role, Need[]>(ROLES.map((role) => [role, []]));
  /** Whose policy is in force, if any is. */
  let acting: { readonly role: Role; readonly policy: Policy } | undefined;

  /** KMS decides by the aliases that a key has at that moment. */
  const readAliases = async (): Promise<void> => {
    const listed: { Aliases: { AliasName: string; TargetKeyId?: string }[] } = await call(
      endpoint,
      'kms',
      'ListAliases',
      {
        Limit: 1000,
      },
    );
    aliases.clear();
    for (const { AliasName, TargetKeyId } of listed.Aliases) {
      const arn = `arn:aws:kms:us-east-1:111122223333:key/${TargetKeyId}`;
      aliases.set(arn, [...(aliases.get(arn) ?? []), AliasName]);
    }
  };

  /** The emulator looks at no policy, so that the proxy before it does. */
  const decide = ({ operation, body }: WireCall): WireFault | undefined => {
    if (acting === undefined) return undefined;
    const { role, policy } = acting;
    const asked = needsOf(operation, body, account);
    const denied = asked.filter((need) => !allows(policy, need));
    refused.get(role)?.push(...denied);
    if (denied.length > 0) return awsError('AccessDeniedException');
    needs.get(role)?.push(...asked);
    return undefined;
  };
  /** With all that it may be given. */
  const fullPolicyOf = (role: Role): Promise<Policy> =>
    policyOf(session, role, ...(role === 'authorizer' ? ['--track-usage'] : []));
  const acts = async (role: Role, work: () => Promise<void>): Promise<void> => {
    acting = { role, policy: await fullPolicyOf(role) };
    await work();
    acting = undefined;
  };
  const run = async (...argv: readonly string[]): Promise<string> => {
    await readAliases();
    const { code, stdout, stderr } = await session.run(['--env', 'prod', ...argv], { stdin: token });
    if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  };
  let token = '';
  let jti = '';
  const issue = async (): Promise<void> => {
    ({ token, jti } = JSON.parse(await run('issue', '--client', 'partner', '--json')));
  };
  const read = async (): Promise<void> => {
    await run('list');
    await run('show', jti);
    await run('show', jti.slice(0, 8), '--client', 'partner');
    await run('verify');
    await run('clients', 'list');
    await run('clients', 'show', 'partner');
    await run('keys', 'list');
    await run('keys', 'export');
  };
  const pendingKey = async (): Promise<string> => {
    const { kid }: { kid: string } = JSON.parse(await run('keys', 'create', '--json'));
    return kid;
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
    proxy.plan(decide);
    session = new AwsSession();
    account = { region: 'us-east-1', account: '111122223333', aliases: (arn) => aliases.get(arn) ?? [] };
    stubTestAws(aws, session, {
      AWS_ENDPOINT_URL_CLOUDTRAIL: proxy.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_ENDPOINT_URL_KMS: proxy.endpoint,
    });

    await acts('admin', async () => {
      await run('init', '--yes');
      const kid = await pendingKey();
      await run('keys', 'activate', '--now', '--yes', '--', kid);
      await run('clients', 'set', 'partner', '--contact', 'ops@partner.example');
      await run('keys', 'create', '--ring', 'seal');
    });
    await acts('issuer', async () => {
      await issue();
      await run('activate', jti);
      await run('issue', '--client', 'partner', '--request-id', 'ticket-1');
      writeFileSync(join(session.cwd, 'clients.csv'), 'client\nbulk\npartner\n');
      await run('issue', '--from', 'clients.csv', '--out-dir', 'tokens');
      await run('issue', '--from', 'clients.csv', '--out-dir', 'tokens');
      await run('rotate', jti, '--json');
      await run('clients', 'set', 'partner', '--owner', 'integration');
      await read();
      await run('doctor');
    });
    await acts('auditor', async () => {
      await read();
      await run('audit', 'list');
      await run('audit', 'verify');
      await run('audit', 'export', '-o', join(session.home, 'audit.jsonl'));
      await run('audit', 'reconcile', '--lookup');
      await run('doctor', '--no-sign');
    });
    await acts('sealer', async () => {
      await run('audit', 'seal', '-q');
    });
    await acts('authorizer', async () => {
      await readAliases();
      const decisions: DecisionReport[] = [];
      const authorizer = createAuthorizer({
        issuer: 'https://api.example.gov',
        audience: 'https://api.example.gov',
        status: dynamoStatus({ table: session.table }),
        keys: kmsKeys({ allow: ['arn:aws:kms:us-east-1:111122223333:key/*'] }),
        usage: dynamoUsage({ table: session.table }),
        onDecision: (report) => decisions.push(report),
      });
      expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
      expect(decisions).toMatchObject([{ usage: 'written' }]);
    });
    // Somebody else's key, which doctor has to look at to know.
    await call(endpoint, 'kms', 'CreateKey', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    await acts('admin', async () => {
      await read();
      await run('doctor', '--no-sign');
    });
    const unwanted = await pendingKey();
    await acts('revoker', async () => {
      await read();
      await run('revoke', jti, '--yes');
      await run('revoke', '--token', '--yes');
      await run('clients', 'suspend', 'partner', '--yes');
      await run('clients', 'resume', 'partner');
      await run('revoke', '--client', 'partner', '--all', '--yes');
      await run('clients', 'revoke', 'partner', '--confirm', 'partner');
      await run('keys', 'revoke', `--confirm=${unwanted}`, '--', unwanted);
    });
  }, 120_000);
  afterAll(async () => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
    await proxy.stop();
  });

  it.each(ROLES)('the %s may do everything that its commands call', (role) => {
    expect(needs.get(role)?.length).toBeGreaterThan(2);
    // Those who make no keys need not find the ones that are left over; their doctor goes on without.
    const spared = role === 'issuer' || role === 'auditor' ? ['kms:ListKeys'] : [];
    expect(refused.get(role)?.map(({ action }) => action)).toEqual(spared);
  });

  it.each(ROLES)('the %s may do nothing that none of its commands calls', async (role) => {
    const { Statement } = await fullPolicyOf(role);
    const unused = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap((statement) =>
      statement.Action.filter(
        (action) => needs.get(role)?.some((need) => need.action === action && matches(statement, need)) !== true,
      ).map((action) => `${statement.Sid}: ${action}`),
    );
    expect(unused).toEqual([]);
  });

  it.each(ROLES)('the %s reaches no kind of item that none of its commands writes', async (role) => {
    const { Statement } = await fullPolicyOf(role);
    const kinds = Statement.filter(({ Action }) => Action.includes('dynamodb:PutItem')).flatMap(({ Condition }) =>
      [Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? 'none'].flat(),
    );
    const written = (needs.get(role) ?? [])
      .filter(({ action }) => action === 'dynamodb:PutItem')
      .flatMap(({ context }) => context['dynamodb:LeadingKeys'] ?? []);
    const idle = kinds.filter((kind) => !written.some((key) => key.startsWith(kind.slice(0, -1))));
    expect(idle).toEqual([]);
  });

  const MUST_NOT: Readonly<Record<Role, readonly string[]>> = {
    issuer: ['kms:CreateKey', 'dynamodb:CreateTable'],
    revoker: ['kms:Sign', 'kms:CreateKey', 'dynamodb:CreateTable'],
    auditor: ['kms:Sign', 'kms:CreateKey', 'dynamodb:PutItem', 'dynamodb:CreateTable'],
    authorizer: ['kms:Sign', 'kms:DescribeKey', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DescribeTable'],
    admin: ['kms:Sign'],
    sealer: ['kms:CreateKey', 'dynamodb:CreateTable', 'dynamodb:BatchGetItem'],
  };
  const NOBODY = ['Scan', 'DeleteItem', 'UpdateItem', 'BatchWriteItem', 'DeleteTable', 'UpdateTable'];

  it.each(ROLES)('the %s may not do what other roles are for', async (role) => {
    const policy = await policyOf(session, role);
    const others = [...needs.values()].flat().filter(({ action }) => MUST_NOT[role].includes(action));
    expect(new Set(others.map(({ action }) => action))).toEqual(new Set(MUST_NOT[role]));
    expect(others.filter((need) => allows(policy, need))).toEqual([]);
    const table = `arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}`;
    for (const action of NOBODY) {
      const context = { 'dynamodb:LeadingKeys': ['CLIENT#partner'] };
      expect(allows(policy, { action: `dynamodb:${action}`, resource: table, context })).toBe(false);
    }
  });

  it('the issuer and the sealer sign with other keys, and neither writes what the other does', async () => {
    const [issuer, sealer, auditor] = [
      await policyOf(session, 'issuer'),
      await policyOf(session, 'sealer'),
      await policyOf(session, 'auditor'),
    ];
    const key = (action: string, alias: string): Need => ({
      action: `kms:${action}`,
      resource: 'arn:aws:kms:us-east-1:111122223333:key/any',
      context: { 'kms:ResourceAliases': [alias] },
    });
    const [ofTokens, ofSeals] = [`${session.aliasBase}/aKey`, `${session.aliasBase}-seal/aKey`];
    expect([allows(issuer, key('Sign', ofTokens)), allows(issuer, key('Sign', ofSeals))]).toEqual([true, false]);
    expect([allows(sealer, key('Sign', ofTokens)), allows(sealer, key('Sign', ofSeals))]).toEqual([false, true]);
    expect(allows(sealer, key('Sign', 'alias/apikey-staging-seal/aKey'))).toBe(false);
    for (const alias of [ofTokens, ofSeals]) {
      expect([allows(auditor, key('GetPublicKey', alias)), allows(auditor, key('Sign', alias))]).toEqual([true, false]);
    }
    const table = `arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}`;
    const put = (pk: string): Need => ({
      action: 'dynamodb:PutItem',
      resource: table,
      context: { 'dynamodb:LeadingKeys': [pk] },
    });
    expect(allows(sealer, put('SEALS#LIST'))).toBe(true);
    expect(allows(issuer, put('SEALS#LIST'))).toBe(false);
    for (const pk of ['CLIENT#partner', 'RING#seal', 'EVENTS#RING#seal', 'JTI#x', 'BUCKETS#EVENTS']) {
      expect(allows(sealer, put(pk))).toBe(false);
    }
  });

  it('the issuer cannot change the key ring, and nobody signs with a key of another environment', async () => {
    const issuer = await policyOf(session, 'issuer');
    const table = `arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}`;
    const ring = { 'dynamodb:LeadingKeys': ['CLIENT#partner', 'RING#main'] };
    expect(allows(issuer, { action: 'dynamodb:PutItem', resource: table, context: ring })).toBe(false);
    const sign = (names: readonly string[]): Need => ({
      action: 'kms:Sign',
      resource: 'arn:aws:kms:us-east-1:111122223333:key/any',
      context: { 'kms:ResourceAliases': names },
    });
    expect(allows(issuer, sign([`${session.aliasBase}/aNewKey`]))).toBe(true);
    expect(allows(issuer, sign(['alias/apikey-staging/aKey']))).toBe(false);
    expect(allows(issuer, sign([`${session.aliasBase}-staging/aKey`]))).toBe(false);
    expect(allows(issuer, sign([]))).toBe(false);
  });

  it('the authorizer reads clients, tokens and the ring by key alone, and writes usage only where asked to', async () => {
    const table = `arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}`;
    const need = (action: string, ...keys: string[]): Need => ({
      action: `dynamodb:${action}`,
      resource: table,
      context: { 'dynamodb:LeadingKeys': keys },
    });
    const plain = await policyOf(session, 'authorizer');
    const tracking = await policyOf(session, 'authorizer', '--track-usage');
    for (const policy of [plain, tracking]) {
      expect(allows(policy, need('BatchGetItem', 'CLIENT#a', 'CLIENT#a'))).toBe(true);
      expect(allows(policy, need('GetItem', 'RING#main'))).toBe(true);
      for (const key of ['EVENTS#CLIENT#a', 'JTI#x', 'REQUEST#x', 'USAGE#x']) {
        expect(allows(policy, need('GetItem', key))).toBe(false);
        expect(allows(policy, need('BatchGetItem', 'CLIENT#a', key))).toBe(false);
      }
      expect(allows(policy, need('PutItem', 'CLIENT#a'))).toBe(false);
      expect(allows(policy, need('UpdateItem', 'RING#main'))).toBe(false);
    }
    expect(allows(plain, need('PutItem', 'USAGE#x'))).toBe(false);
    expect(allows(tracking, need('PutItem', 'USAGE#x'))).toBe(true);
    expect(allows(tracking, need('UpdateItem', 'USAGE#x'))).toBe(false);
    for (const key of [
      'CLIENT#a',
      'RING#main',
      'RING#seal',
      'EVENTS#CLIENT#a',
      'JTI#x',
      'REQUEST#x',
      'BUCKETS#EVENTS',
    ]) {
      expect(allows(tracking, need('PutItem', key))).toBe(false);
      expect(allows(tracking, need('PutItem', 'USAGE#x', key))).toBe(false);
    }
    const written = [...needs].flatMap(([role, all]) => (role === 'authorizer' ? [] : all));
    const puts = written.filter(({ action }) => action === 'dynamodb:PutItem');
    expect(puts.length).toBeGreaterThan(10);
    expect(puts.filter((put) => allows(tracking, put))).toEqual([]);
  });

  it('those who show last uses may read them, and none of them may write one', async () => {
    const table = `arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}`;
    const context = { 'dynamodb:LeadingKeys': ['USAGE#x', 'USAGE#y'] };
    for (const role of ROLES.filter((name) => name !== 'authorizer' && name !== 'sealer')) {
      const policy = await policyOf(session, role);
      expect(allows(policy, { action: 'dynamodb:BatchGetItem', resource: table, context })).toBe(true);
      expect(allows(policy, { action: 'dynamodb:PutItem', resource: table, context })).toBe(false);
    }
  });

  it('takes account and Region from the caller where nobody says them', async () => {
    const { stdout, stderr } = await session.run(['iam', 'revoker', '--env', 'prod']);
    expect(stdout).toContain(`"arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}"`);
    expect(stderr).toContain('Policy of the revoker in environment prod, account 111122223333, us-east-1');
  });
});
