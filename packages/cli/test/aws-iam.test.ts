/** `apikey iam`: what it prints, and that the commands of a role make the calls that its table has, under its policy. */
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
import { formatTable, tablePath, type CallRow } from '../../../tools/iam/call-table.ts';
import { isAllowed, type Need } from '../../../tools/iam/evaluate.ts';
import { needsOf, type Account, type KeyFacts } from '../../../tools/iam/needs.ts';
import { COMMANDS } from '../src/commands/index.ts';
import type { Policy } from '../src/commands/iam/policy.ts';
import { ROLES, type Role } from '../src/commands/iam/roles.ts';
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

  it.each([
    ['us-east-1', 'aws'],
    ['ap-southeast-7', 'aws'],
    ['mx-central-1', 'aws'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
    ['us-iso-east-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
    ['eu-isoe-west-1', 'aws-iso-e'],
    ['us-isof-south-1', 'aws-iso-f'],
    ['eusc-de-east-1', 'aws-eusc'],
    ['xx-nowhere-9', 'aws'],
  ])('writes ARNs of the partition that %s belongs to: %s', async (region, partition) => {
    const stores = ['--deliver-to', 'secretsmanager:a', '--deliver-to', 'ssm:/a'];
    for (const role of ROLES) {
      const argv = ['iam', role, '--env', 'prod', '--account', '111122223333', '--region', region];
      const { stdout } = await session.run([...argv, ...(role === 'issuer' ? stores : [])]);
      const arns = stdout.match(/arn:[a-z-]+:[a-z]+:[\w-]+:/g) ?? [];
      expect(arns.length).toBeGreaterThan(2);
      expect(arns.filter((arn) => !arn.startsWith(`arn:${partition}:`) || !arn.endsWith(`:${region}:`))).toEqual([]);
    }
  });

  it('keeps every policy within the limit of IAM, for the longest names there can be', async () => {
    using long = new AwsSession();
    long.configure(`dynamodb:${'t'.repeat(255)}`, `awskms:alias/${'k'.repeat(200)}`);
    const roles = ['a', 'b', 'c'].flatMap((name) => ['--break-glass-role', `${BREAK_GLASS}-${name.repeat(50)}`]);
    const lengths = ROLES.map(async (role) => {
      const usage = role === 'authorizer' ? ['--track-usage'] : [];
      const policy = await policyOf(long, role, ...roles, ...usage);
      return [role, JSON.stringify(policy).length] as const;
    });
    expect((await Promise.all(lengths)).filter(([, length]) => length > MAX_POLICY)).toEqual([]);
  });

  it.each(ROLES)('denies the %s to disable and delete keys, but for a break-glass role', async (role) => {
    const resource = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const everything = { Sid: 'Everything', Effect: 'Allow' as const, Action: ['kms:*'], Resource: '*' };
    const others = async (policy: Policy, principal: string): Promise<boolean[]> => {
      const more = { ...policy, Statement: [...policy.Statement, everything] };
      const context = { 'aws:PrincipalArn': [principal] };
      return Promise.all(
        ['kms:ScheduleKeyDeletion', 'kms:DisableKey'].map((action) => isAllowed(more, { action, resource, context })),
      );
    };
    const strict = await policyOf(session, role);
    const exempting = await policyOf(session, role, '--break-glass-role', BREAK_GLASS);
    const other = 'arn:aws:iam::111122223333:role/admin';
    expect(await others(strict, BREAK_GLASS)).toEqual([false, false]);
    expect(await others(strict, other)).toEqual([false, false]);
    expect(await others(exempting, BREAK_GLASS)).toEqual([true, true]);
    expect(await others(exempting, other)).toEqual([false, false]);
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

/** An item of the table, as a call of DynamoDB has it. */
interface Stored {
  readonly pk: { readonly S: string };
  readonly sk: { readonly S: string };
}

/** Commands that call nothing of AWS, or are measured elsewhere. */
const UNMEASURED: Readonly<Record<string, string>> = {
  completion: 'writes a script',
  help: 'prints a text',
  version: 'prints a text',
  'config init': 'writes a file',
  'config path': 'looks at files',
  'config set': 'writes a file',
  'config show': 'looks at files',
  'iam issuer': 'asks STS, which needs no permission',
  'iam revoker': 'as the others',
  'iam auditor': 'as the others',
  'iam authorizer': 'as the others',
  'iam sealer': 'as the others',
  'iam admin': 'as the others',
  serve: 'decides by the sources of an authorizer, which are measured as such',
};

describeOnEmulator(aws, 'the calls of the commands, under the policies of their roles', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  let account: Account;
  const rows = new Map<string, CallRow[]>();
  const refused: { readonly role: string; readonly command: string; readonly action: string }[] = [];
  const measured = new Set<string>();
  /** Whose policy is in force, if any is, and which command runs. */
  let acting: { readonly role: string; readonly policy: Policy } | undefined;
  let command = '';

  const ask = <T>(operation: string, input: object): Promise<T> => call(endpoint, 'kms', operation, input);
  /** KMS decides by what a key has at that moment. */
  const lookUp = async (id: string): Promise<KeyFacts> => {
    const { KeyMetadata } = await ask<{ KeyMetadata: { Arn: string } }>('DescribeKey', { KeyId: id });
    const { Aliases } = await ask<{ Aliases: { AliasName: string }[] }>('ListAliases', { KeyId: KeyMetadata.Arn });
    const { Tags } = await ask<{ Tags: { TagKey: string; TagValue: string }[] }>('ListResourceTags', {
      KeyId: KeyMetadata.Arn,
    });
    return {
      arn: KeyMetadata.Arn,
      aliases: Aliases.map(({ AliasName }) => AliasName),
      tags: Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
    };
  };

  /** A key without tags and aliases, which `doctor` looks at to know that it is not of this environment. */
  let foreignKey = '';
  /** `doctor` looks at every key of the account, and other tests have keys in the same emulator. */
  const isOfThisTest = ({ resource, context }: Need): boolean =>
    !resource.includes(':key/') ||
    resource === foreignKey ||
    context['aws:ResourceTag/apikey:keys']?.[0]?.startsWith(session.aliasBase) === true;

  /** The emulator looks at no policy, so that the proxy before it does. */
  const decide = async ({ operation, body }: WireCall): Promise<WireFault | undefined> => {
    if (acting === undefined) return undefined;
    const { role, policy } = acting;
    const asked = await needsOf(operation, body, account);
    const allowed = await Promise.all(asked.map((need) => isAllowed(policy, need)));
    refused.push(...asked.filter((_, n) => allowed[n] !== true).map(({ action }) => ({ role, command, action })));
    if (allowed.includes(false)) return awsError('AccessDeniedException');
    rows.set(role, [...(rows.get(role) ?? []), ...asked.filter(isOfThisTest).map((need) => ({ command, need }))]);
    return undefined;
  };
  /** With all that it may be given. */
  const fullPolicyOf = (role: Role): Promise<Policy> =>
    policyOf(session, role, ...(role === 'authorizer' ? ['--track-usage'] : []));
  const under = async (role: string, policy: Policy, work: () => Promise<void>): Promise<void> => {
    acting = { role, policy };
    await work();
    acting = undefined;
  };
  const acts = async (role: Role, work: () => Promise<void>): Promise<void> =>
    under(role, await fullPolicyOf(role), work);
  const run = async (...argv: readonly string[]): Promise<string> => {
    const words = argv.filter((word) => !word.startsWith('-'));
    const group = COMMANDS.find(({ name }) => name === words[0]);
    command = group !== undefined && 'commands' in group ? words.slice(0, 2).join(' ') : (words[0] ?? '');
    measured.add(command);
    const { code, stdout, stderr } = await session.run(['--env', 'prod', ...argv], { stdin: token });
    if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  };
  /** The token is signed and cannot be handed over: a pending record is left. */
  const failing = async (...argv: readonly string[]): Promise<void> => {
    [command = ''] = argv;
    const { code } = await session.run(['--env', 'prod', ...argv], { stdoutFails: 'ENOSPC' });
    expect(code).toBe(6);
  };
  /** What an authorizer records. */
  const used = (of: string, usedAt: number): Promise<object> => {
    const [pk, sk, at] = [{ S: `USAGE#${of}` }, { S: 'USAGE' }, { N: String(Math.floor(usedAt)) }];
    const Item = { pk, sk, jti: { S: of }, client: { S: 'partner' }, usedAt: at };
    return call(endpoint, 'dynamodb', 'PutItem', { TableName: session.table, Item });
  };
  let token = '';
  let jti = '';
  const issue = async (...flags: readonly string[]): Promise<string> => {
    ({ token, jti } = JSON.parse(await run('issue', '--client', 'partner', '--json', ...flags)));
    return jti;
  };
  const file = (name: string): string => join(session.home, name);
  const read = async (): Promise<void> => {
    await run('list');
    await run('status');
    await run('show', jti);
    await run('show', jti.slice(0, 8), '--client', 'partner');
    await run('verify');
    await run('expiring');
    await run('report', '--force', '-o', file('report.html'));
    await run('clients', 'list');
    await run('clients', 'show', 'partner');
    await run('keys', 'list');
    await run('keys', 'export');
    await run('audit', 'list');
    await run('audit', 'verify');
  };
  let sealKid = '';
  const pendingKey = async (...flags: readonly string[]): Promise<string> => {
    const { kid }: { kid: string } = JSON.parse(await run('keys', 'create', '--json', ...flags));
    return kid;
  };
  /** Turns the time of the ring back, since a key is retired ten minutes after it signed last. */
  const settleRing = async (): Promise<void> => {
    const Key = { pk: { S: 'RING#main' }, sk: { S: 'RING' } };
    const TableName = session.table;
    const { Item }: { Item: { keys: { L: { M: Record<string, { N?: string }> }[] } } } = await call(
      endpoint,
      'dynamodb',
      'GetItem',
      { TableName, Key },
    );
    for (const { M: key } of Item.keys.L) {
      if (key['retiringAt']?.N !== undefined) key['retiringAt'] = { N: String(Number(key['retiringAt'].N) - 3600) };
    }
    await call(endpoint, 'dynamodb', 'PutItem', { TableName, Item });
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
    session = new AwsSession();
    account = { region: 'us-east-1', account: '111122223333', key: lookUp };
    proxy.plan(decide);
    stubTestAws(aws, session, {
      AWS_ENDPOINT_URL_CLOUDTRAIL: proxy.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_ENDPOINT_URL_KMS: proxy.endpoint,
    });

    await acts('admin', async () => {
      await run('init', '--yes');
      const kid = await pendingKey();
      await run('keys', 'activate', '--now', '--yes', '--', kid);
      sealKid = await pendingKey('--ring', 'seal');
    });
    await acts('issuer', async () => {
      await run('clients', 'set', 'partner', '--contact', 'ops@partner.example');
      await run('clients', 'set', 'partner', '--contact', 'team@partner.example');
      await run('clients', 'set', 'partner', '--scope', 'plans:read', '--scope', 'plans:write', '--max-ttl', '90d');
      await run('clients', 'set', 'partner', '--cidr', '192.0.2.0/24', '--owner', 'team', '--purpose', 'plans');
      await issue('--scope', 'plans:read');
      await run('activate', jti);
      // A request whose token was lost is run again: its record is prepared anew.
      const request = ['issue', '--client', 'partner', '--scope', 'plans:read', '--request-id'];
      await failing(...request, 'ticket-1');
      await run(...request, 'ticket-1');
      await failing(...request, 'ticket-2');
      writeFileSync(join(session.cwd, 'clients.csv'), 'client\nbulk\npartner\n');
      await run('issue', '--from', 'clients.csv', '--out-dir', 'tokens');
      await run('issue', '--from', 'clients.csv', '--out-dir', 'tokens');
      const rotated = jti;
      const { jti: successor }: { jti: string } = JSON.parse(await run('rotate', rotated, '--json'));
      await used(rotated, session.now / 1000 - 7 * 86_400);
      await used(successor, session.now / 1000);
      await run('rotate', '--status');
      await run('rotate', '--finish', rotated, '--yes');
      // One rotation is given up before its token is activated, and another takes its place.
      const old = await issue('--scope', 'plans:read');
      await failing('rotate', old);
      await run('rotate', old, '--take-over', '-o', file('taken.token'));
      await run('rotate', '--all', '--client', 'bulk', '--out-dir', 'rotated', '--yes');
      await issue('--scope', 'plans:read');
      await read();
      await run('doctor');
    });
    await acts('auditor', async () => {
      await read();
      await run('audit', 'export', '-o', file('audit.jsonl'));
      await run('audit', 'reconcile', '--lookup');
      await run('doctor', '--no-sign');
    });
    await acts('sealer', async () => {
      await run('audit', 'seal', '-q');
      await run('audit', 'seal', '-q');
    });
    await acts('authorizer', async () => {
      command = 'a request';
      const decisions: DecisionReport[] = [];
      const authorizer = createAuthorizer({
        issuer: 'https://api.example.gov',
        audience: 'https://api.example.gov',
        status: dynamoStatus({ table: session.table }),
        keys: kmsKeys({ allow: ['arn:aws:kms:us-east-1:111122223333:key/*'] }),
        usage: dynamoUsage({ table: session.table }),
        onDecision: (report) => decisions.push(report),
      });
      expect(await authorizer.authorize({ token, sourceAddress: '192.0.2.1' })).toMatchObject({ allowed: true });
      expect(decisions).toMatchObject([{ usage: 'written' }]);
    });
    const made = await ask<{ KeyMetadata: { Arn: string } }>('CreateKey', {
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
    });
    foreignKey = made.KeyMetadata.Arn;
    const unwanted: string[] = [];
    await acts('admin', async () => {
      await read();
      await run('doctor', '--no-sign');
      unwanted.push(await pendingKey());
    });
    const [kid = ''] = unwanted;
    await acts('admin', async () => {
      await run('keys', 'activate', '--now', '--yes', '--', await pendingKey());
    });
    // Its record is prepared anew for the key that signs by now.
    await acts('issuer', async () => {
      await run('issue', '--client', 'partner', '--scope', 'plans:read', '--request-id', 'ticket-2');
    });
    const earlier = await scan();
    await acts('revoker', async () => {
      await read();
      await run('revoke', jti, '--yes', '--reason', 'left');
      await run('revoke', '--token', '--yes');
      await run('clients', 'suspend', 'partner', '--yes');
    });
    await acts('admin', async () => {
      await run('clients', 'resume', 'partner', '--yes');
    });
    await acts('revoker', async () => {
      await run('revoke', '--client', 'partner', '--all', '--yes');
      await run('clients', 'revoke', 'partner', '--confirm', 'partner');
      await run('keys', 'revoke', `--confirm=${kid}`, '--', kid);
      await run('keys', 'revoke', '--ring', 'seal', `--confirm=${sealKid}`, '--', sealKid);
    });
    await restored(earlier);
    await acts('admin', async () => {
      await settleRing();
      const keys: { kid: string; state: string }[] = JSON.parse(await run('keys', 'list', '--json'));
      const retiring = keys.find(({ state }) => state === 'retiring')?.kid ?? '';
      await run('keys', 'retire', '--yes', '--', retiring);
      await run('keys', 'rotate', '--yes');
      await pendingKey('--ring', 'seal');
    });
  }, 240_000);
  afterAll(async () => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
    await proxy.stop();
  });

  const scan = async (): Promise<Stored[]> => {
    const found: { Items: Stored[] } = await call(endpoint, 'dynamodb', 'Scan', { TableName: session.table });
    return found.Items;
  };
  /** The table is set back, and what it lost is put back under the policies of the issuer and of the admin. */
  const restored = async (earlier: readonly Stored[]): Promise<void> => {
    const [issuer, admin] = [await fullPolicyOf('issuer'), await fullPolicyOf('admin')];
    const TableName = session.table;
    await under('issuer-and-admin', { ...issuer, Statement: [...issuer.Statement, ...admin.Statement] }, async () => {
      await run('audit', 'export', '-o', file('restore.jsonl'));
      for (const { pk, sk } of await scan())
        await call(endpoint, 'dynamodb', 'DeleteItem', { TableName, Key: { pk, sk } });
      for (const Item of earlier) await call(endpoint, 'dynamodb', 'PutItem', { TableName, Item });
      await run('restore', '--from', file('restore.jsonl'), '--yes');
    });
  };

  it('are allowed, but for what a doctor or a check can do without', () => {
    // Those who make no keys need not find the ones that are left over; their doctor goes on without.
    const doctors = ['issuer', 'auditor'].map((role) => ({ role, command: 'doctor', action: 'kms:ListKeys' }));
    // A revoker needs no keys: its check of the log says that grants were not verified.
    const revoker = { role: 'revoker', command: 'audit verify', action: 'kms:DescribeKey' };
    expect(refused).toEqual(expect.arrayContaining([...doctors, revoker]));
    expect(refused).toHaveLength(3);
  });

  it.each([...ROLES, 'issuer-and-admin'])('are those of the table of the %s', async (role) => {
    const placeholders = [
      [session.aliasBase, 'alias/BASE'],
      [session.table, 'TABLE'],
    ] as const;
    // To record them anew: vitest -u
    await expect(formatTable(rows.get(role) ?? [], placeholders)).toMatchFileSnapshot(tablePath(role));
  });

  it('are measured for every command', () => {
    const names = COMMANDS.flatMap((node) =>
      'commands' in node ? node.commands.map(({ name }) => `${node.name} ${name}`) : [node.name],
    );
    expect(names.filter((name) => !measured.has(name)).toSorted()).toEqual(Object.keys(UNMEASURED).toSorted());
  });

  it('take account and Region from the caller where no flag gives them', async () => {
    const { stdout, stderr } = await session.run(['iam', 'revoker', '--env', 'prod']);
    expect(stdout).toContain(`"arn:aws:dynamodb:us-east-1:111122223333:table/${session.table}"`);
    expect(stderr).toContain('Policy of the revoker in environment prod, account 111122223333, us-east-1');
  });
});
