/** An honest history with a bit of everything, and what it signed: what any later token is held to. */
import { ApikeyError, MAIN_RING, type KeyRing } from '../../src/domain/index.ts';
import { createRing } from '../../src/domain/transitions/keys.ts';
import { parseTokenRecord } from '../../src/domain/schema.ts';
import { parseClaims } from '../../src/jose/claims.ts';
import { parseCompact } from '../../src/jose/compact.ts';
import { activateKey, createKey, revokeKey } from '../../src/operations/keys.ts';
import {
  changeContext,
  ensureKeyRing,
  issueMany,
  issueToken,
  revokeToken,
  rotateToken,
  surveyBulk,
  type BulkRequest,
  type IssueRequest,
  type OperationDeps,
  type RotateRequest,
} from '../../src/operations/index.ts';
import type { TokenSink } from '../../src/ports/index.ts';
import { memoryRegistry, type FixedClock } from '../../src/testing/index.ts';
import { text, type Doc, type Stored } from './raw-registry.ts';

export const DAY = 86_400;

/** What a token holds that matters: a grant, or a command. */
export interface Power {
  readonly client: string;
  readonly scopes: readonly string[];
  readonly aud: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
}

export interface SignedGrant extends Power {
  readonly jti: string;
  readonly exp: number;
  /** Of the newest event that prepared it. */
  readonly kid: string;
}

/** What the admins ask for again, after the registry was tampered with. */
export const ISSUE: IssueRequest & { readonly requestId: string } = {
  client: 'partner',
  scopes: ['plans:read'],
  audience: [],
  ttl: 30 * DAY,
  requestId: 'CHG-77',
};
/** As `ISSUE`, but its first run was never resumed. */
export const ISSUE_ONCE: typeof ISSUE = { ...ISSUE, scopes: ['plans:read', 'plans:list'], requestId: 'CHG-78' };
/** Nothing is known of this one: only a forger puts it there. */
export const ISSUE_FIRST: typeof ISSUE = { ...ISSUE, requestId: 'CHG-79' };
export const BULK: readonly BulkRequest[] = [1, 2, 3].map((n) => ({
  client: 'partner',
  scopes: [`bulk:${n}`],
  audience: [],
  ttl: n * DAY,
  requestId: `bulk-${n}`,
}));
const ADMIN: IssueRequest = { client: 'admins', scopes: ['root:all'], audience: [], ttl: 300 * DAY };

export interface History {
  /** Tokens by what they are here. */
  readonly jti: Readonly<
    Record<
      | 'live'
      | 'retiring'
      | 'revokedKey'
      | 'disabledKey'
      | 'expired'
      | 'revoked'
      | 'claimed'
      | 'replaced'
      | 'admin'
      | 'rekeyed',
      string
    >
  >;
  readonly rotation: RotateRequest;
  /** Tokens that were delivered, as far as a failing destination keeps them, by `jti`. */
  readonly delivered: ReadonlyMap<string, string>;
  readonly kids: Readonly<Record<'active' | 'retiring' | 'revoked' | 'disabled', string>>;
}

/** Runs the history; its ring is there already. */
export async function makeHistory(deps: OperationDeps, clock: FixedClock): Promise<History> {
  const delivered = new Map<string, string>();
  const keep = (token: string): void => void delivered.set(parseClaims(parseCompact(token).payloadBytes).jti, token);
  const sink: TokenSink = { check: async () => {}, deliver: async (token) => keep(token) };
  const failing: TokenSink = {
    check: async () => {},
    deliver: async (token) => {
      keep(token);
      throw new ApikeyError('DELIVERY_FAILED', 'cut');
    },
  };
  const pass = (seconds: number): void => clock.advance(seconds * 1_000);
  const issue = async (request: IssueRequest): Promise<string> => {
    pass(1);
    return (await issueToken(deps, request, sink)).record.jti;
  };
  const cut = async (work: Promise<unknown>): Promise<void> => {
    pass(1);
    await work.catch(() => {});
  };
  const nextKey = async (): Promise<string> => {
    pass(1);
    const { key } = await createKey(deps, 'ES256');
    await activateKey(deps, key.kid, { now: true });
    return key.kid;
  };
  const plain: IssueRequest = {
    client: 'partner',
    scopes: ['plans:read'],
    audience: ['https://plans.example'],
    ttl: 60 * DAY,
  };

  const kidOfFirst = (await ring(deps)).keys[0]?.kid ?? '';
  const revokedKey = await issue(plain);
  await cut(issueToken(deps, { ...ISSUE, requestId: 'rekeyed', ttl: 90 * DAY }, failing));
  const disabled = await nextKey();
  const disabledKey = await issue(plain);
  const retiring = await nextKey();
  const ofRetiring = await issue(plain);
  await issueToken(deps, { ...ISSUE, requestId: 'rekeyed', ttl: 90 * DAY }, sink);
  const expired = await issue({ ...plain, ttl: 3_600 });
  const active = await nextKey();
  const admin = await issue(ADMIN);
  const live = await issue(plain);
  const revoked = await issue(plain);
  await revokeToken(deps, { jti: revoked });
  const replaced = await issue(plain);
  pass(2 * 3_600);
  await rotateToken(deps, { client: 'partner', jti: replaced, grace: 30 * DAY, takeOver: false }, sink);
  const claimed = await issue({ ...plain, scopes: ['plans:read', 'plans:write'] });
  const rotation: RotateRequest = {
    client: 'partner',
    jti: claimed,
    grace: 7 * DAY,
    takeOver: false,
    requestId: 'ROT-1',
  };
  await cut(rotateToken(deps, rotation, failing));
  await cut(issueToken(deps, { ...ADMIN, requestId: 'CHG-1' }, failing));
  await cut(issueToken(deps, ISSUE_ONCE, failing));
  await cut(bulkIssue(deps, BULK, failing));
  await cut(issueToken(deps, ISSUE, failing));
  await cut(issueToken(deps, ISSUE, failing));
  pass(1);
  await revokeToken(deps, { jti: disabledKey });
  const rekeyed = (await deps.registry.getRequest('rekeyed'))?.jti ?? '';
  await revokeToken(deps, { jti: rekeyed });
  await revokeKey(deps, kidOfFirst);
  return {
    jti: { live, retiring: ofRetiring, revokedKey, disabledKey, expired, revoked, claimed, replaced, admin, rekeyed },
    rotation,
    delivered,
    kids: { active, retiring, revoked: kidOfFirst, disabled },
  };
}

export async function bulkIssue(
  deps: OperationDeps,
  requests: readonly BulkRequest[],
  sink: TokenSink,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const survey = await surveyBulk(deps, requests);
  await issueMany(deps, requests, sink, {
    survey,
    concurrency: 8,
    rate: undefined,
    signal: new AbortController().signal,
    tell: (_, outcome) => {
      if (outcome.kind === 'failed') failures.push(outcome.error);
    },
  });
  return failures;
}

async function ring({ registry }: OperationDeps): Promise<KeyRing> {
  return (await registry.readKeyRing()) ?? (await Promise.reject(new Error('no ring')));
}

/** Everything that the events of an honest registry were signed for, by `jti`. */
export function grantsOf({ event }: Stored): ReadonlyMap<string, SignedGrant> {
  const grants = new Map<string, SignedGrant>();
  for (const { action, detail, subject } of event) {
    const after = membersOf(membersOf(detail)['after']);
    const jti = text(subject);
    if (action === 'token.prepared') {
      const { client, scopes, aud, iat, exp, kid } = parseTokenRecord(after);
      grants.set(jti, { jti, client, scopes, aud, exp, kid, lifetime: exp - iat });
    }
    const known = grants.get(jti);
    if (action === 'token.reprepared' && known !== undefined)
      grants.set(jti, { ...known, kid: text(after['kid'] ?? known.kid) });
  }
  return grants;
}

export function membersOf(value: Doc[string] | undefined): Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Doc) : {};
}

/** The same clients and requests in an environment that is another in one respect: what it signs is worth nothing here. */
export async function foreignHistory(
  deps: OperationDeps,
  part: Partial<OperationDeps['environment']>,
  keys: OperationDeps['keys'] = deps.keys,
): Promise<OperationDeps> {
  const registry = memoryRegistry();
  const foreign = { ...deps, registry, keys, environment: { ...deps.environment, ...part } };
  const active = (await deps.registry.readKeyRing())?.keys.find(({ state }) => state === 'active');
  if (keys === deps.keys && active !== undefined) {
    await registry.commit(createRing(MAIN_RING, active, changeContext(foreign)));
  } else {
    await ensureKeyRing(foreign, 'ES256');
  }
  const failing: TokenSink = {
    check: async () => {},
    deliver: () => Promise.reject(new ApikeyError('DELIVERY_FAILED', 'cut')),
  };
  const evil = { ...ISSUE, scopes: ['evil:all'], audience: ['https://evil.example'], ttl: 300 * DAY };
  await issueToken(
    foreign,
    { client: 'partner', scopes: evil.scopes, audience: evil.audience, ttl: evil.ttl },
    { ...failing, deliver: async () => {} },
  );
  await issueToken(foreign, ISSUE, failing).catch(() => {});
  await issueToken(foreign, { ...evil, requestId: 'CHG-79' }, failing).catch(() => {});
  return foreign;
}
