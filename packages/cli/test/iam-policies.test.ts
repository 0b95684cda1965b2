/** The policies of `apikey iam`, by a full evaluator: they allow what the tables of calls have, and deny everything else. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTable, type CallRow } from '../../../tools/iam/call-table.ts';
import { isAllowed, type Need } from '../../../tools/iam/evaluate.ts';
import type { Policy } from '../src/commands/iam/policy.ts';
import { ROLES, type Role } from '../src/commands/iam/roles.ts';
import { AwsSession, stubAws } from './aws-session.ts';
import { deniedTo, POWERS, TABLE } from './iam-denied.ts';

const OFFLINE = ['--env', 'prod', '--account', '111122223333', '--region', 'us-east-1'];

const policies = new Map<Role, Policy>();
function policyOf(role: Role): Policy {
  const policy = policies.get(role);
  if (policy === undefined) throw new TypeError(`no policy of the ${role}`);
  return policy;
}
/** What of `needs` the evaluator does not decide like this. */
async function decidedOtherwise(policy: Policy, needs: readonly Need[], wanted: boolean): Promise<Need[]> {
  const allowed = await Promise.all(needs.map((need) => isAllowed(policy, need)));
  return needs.filter((_, n) => allowed[n] !== wanted);
}
function rowsOf(role: Role): CallRow[] {
  // With its own policy it restores as much as with its commands; both tables together are what it is for.
  const shared = role === 'issuer' || role === 'admin' ? readTable('issuer-and-admin') : [];
  return [...readTable(role), ...shared];
}

describe('the policies of apikey iam', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = new AwsSession();
    session.configure('dynamodb:TABLE', 'awskms:alias/BASE');
    stubAws(session.home, {});
    for (const role of ROLES) {
      const usage = role === 'authorizer' ? ['--track-usage'] : [];
      const { code, stdout, stderr } = await session.run(['iam', role, ...OFFLINE, ...usage]);
      if (code !== 0) throw new Error(stderr);
      policies.set(role, JSON.parse(stdout) as Policy);
    }
  });
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it.each(ROLES)('allow the %s every call of its table', async (role) => {
    const needs = readTable(role).map(({ need }) => need);
    expect(needs.length).toBeGreaterThan(3);
    expect(await decidedOtherwise(policyOf(role), needs, true)).toEqual([]);
  });

  it('allow the issuer and the admin together to restore', async () => {
    const [issuer, admin] = [policyOf('issuer'), policyOf('admin')];
    const needs = readTable('issuer-and-admin').map(({ need }) => need);
    const both = { ...issuer, Statement: [...issuer.Statement, ...admin.Statement] };
    expect(await decidedOtherwise(both, needs, true)).toEqual([]);
  });

  it.each(ROLES)('deny the %s at least 60 calls, with condition keys and without', async (role) => {
    const denied = deniedTo(role);
    expect(new Set(denied.map((need) => JSON.stringify(need))).size).toBeGreaterThan(60);
    expect(await decidedOtherwise(policyOf(role), denied, false)).toEqual([]);
  });

  it.each(ROLES)('allow the %s to write what it is for, attribute by attribute', async (role) => {
    const { put, update } = POWERS[role];
    const puts = put.map((partition) => ({
      action: 'dynamodb:PutItem',
      resource: TABLE,
      context: { 'dynamodb:LeadingKeys': [partition], 'dynamodb:Attributes': ['pk', 'sk', 'anything'] },
    }));
    const updates = Object.entries(update).flatMap(([partition, attributes]) =>
      attributes.map((name) => ({
        action: 'dynamodb:UpdateItem',
        resource: TABLE,
        context: { 'dynamodb:LeadingKeys': [partition], 'dynamodb:Attributes': ['pk', 'sk', name] },
      })),
    );
    expect(await decidedOtherwise(policyOf(role), [...puts, ...updates], true)).toEqual([]);
  });

  it.each(ROLES)('allow the %s no action, kind of item or attribute that no command needs', async (role) => {
    const rows = rowsOf(role).map(({ need }) => need);
    const unused: string[] = [];
    for (const statement of policyOf(role).Statement.filter(({ Effect }) => Effect === 'Allow')) {
      const alone = { Version: '2012-10-17' as const, Statement: [statement] };
      const used = await decidedOtherwise(alone, rows, false);
      const idleActions = statement.Action.filter((action) => !used.some((need) => need.action === action));
      unused.push(...[...idleActions, ...idle(statement.Condition, used)].map((what) => `${statement.Sid}: ${what}`));
    }
    expect(unused).toEqual([]);
  });

  it('let the sealer seal, and no other role sign a seal', async () => {
    const seal = readTable('sealer').map(({ need }) => need);
    expect(new Set(seal.map(({ action }) => action))).toEqual(
      new Set(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'kms:GetPublicKey', 'kms:Sign']),
    );
    expect(await decidedOtherwise(policyOf('sealer'), seal, true)).toEqual([]);
    const sign = seal.filter(({ action }) => action === 'kms:Sign');
    for (const role of ROLES.filter((name) => name !== 'sealer')) {
      expect(await decidedOtherwise(policyOf(role), sign, false)).toEqual([]);
    }
  });

  it.each(ROLES)('allow the %s no write that only the commands of other roles make', async (role) => {
    const own = new Set(rowsOf(role).flatMap(({ need }) => partsOf(need)));
    const others = ROLES.filter((name) => name !== role).flatMap((name) => readTable(name));
    const foreign = others
      .map(({ need }) => need)
      .filter((need) => isWrite(need) && partsOf(need).some((part) => !own.has(part)));
    expect(foreign.length).toBeGreaterThan(2);
    expect(await decidedOtherwise(policyOf(role), foreign, false)).toEqual([]);
  });
});

/** The values that a condition lists and no call has. */
function idle(condition: Policy['Statement'][number]['Condition'], used: readonly Need[]): string[] {
  const listed = ['ForAllValues:StringLike', 'ForAllValues:StringEquals'].flatMap((operator) =>
    Object.entries(condition?.[operator] ?? {}),
  );
  return listed.flatMap(([key, patterns]) => {
    const seen = used.flatMap(({ context }) => context[key] ?? []);
    const matches = (pattern: string): boolean =>
      seen.some((value) => (pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern));
    return [patterns].flat().filter((pattern) => !matches(pattern));
  });
}

function isWrite({ action }: Need): boolean {
  return /^(?:dynamodb:(?:PutItem|UpdateItem|Create|TagResource|Update)|kms:(?:Create|TagResource|Sign))/.test(action);
}

/** A write by what a policy can tell: its action on each kind of item, and on each attribute of an update. */
function partsOf({ action, resource, context }: Need): string[] {
  const place = action.startsWith('kms:') ? '' : resource;
  const kinds = context['dynamodb:LeadingKeys'] ?? context['kms:ResourceAliases'] ?? [''];
  const attributes = action === 'dynamodb:UpdateItem' ? (context['dynamodb:Attributes'] ?? []) : [''];
  return kinds.flatMap((kind) => attributes.map((attribute) => [action, place, kind, attribute].join(' ')));
}

describe('the evaluator of policies', () => {
  const ROOT = join(import.meta.dirname, '..', '..', '..');

  it('is a tool of tests: no package that ships names it, and no source imports what does', () => {
    const manifests = globSync('{package.json,{packages,examples,tools}/*/package.json,bench/package.json}', {
      cwd: ROOT,
    });
    const naming = manifests.filter((path) => readFileSync(join(ROOT, path), 'utf8').includes('@cloud-copilot'));
    expect(naming).toEqual([join('tools', 'iam', 'package.json')]);
    const tool: { private?: boolean; dependencies?: object } = JSON.parse(
      readFileSync(join(ROOT, 'tools', 'iam', 'package.json'), 'utf8'),
    );
    expect(tool).toMatchObject({ private: true });
    expect(tool.dependencies).toBeUndefined();
    const sources = globSync('{packages/*/src,packages/*/*.mjs,examples/*,bench,infra}/**/*.{ts,js,mjs}', {
      cwd: ROOT,
      exclude: ['**/node_modules/**'],
    });
    expect(sources.length).toBeGreaterThan(300);
    const using = sources.filter((path) => /tools\/iam|cloud-copilot/.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(using).toEqual([]);
  });

  it('refuses to decide about what it does not know', async () => {
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    const ask = (action: string, resource: string, context: Need['context'] = {}): Promise<boolean> =>
      isAllowed(policy, { action, resource, context });
    await expect(ask('dynamodb:Invent', TABLE)).rejects.toThrow('dynamodb:Invent');
    await expect(ask('dynamodb:GetItem', TABLE, { 'dynamodb:Invented': ['a'] })).rejects.toThrow('ignores');
  });
});
