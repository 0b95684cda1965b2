/** Records and changes as tests need them: valid, alike on every run, and made through the domain's own builders. */
import { clientChange, ringChange, type ChangeContext, type ClientChange, type RingChange } from '../domain/change.ts';
import type { EventDraft } from '../domain/events.ts';
import {
  MAIN_RING,
  type Client,
  type KeyRing,
  type RequestRecord,
  type RingKey,
  type TokenRecord,
} from '../domain/records.ts';
import { sha256Base64url, sha256Hex } from '../jose/digest.ts';

/** 2027-01-15T08:00:00Z, the time at which things happen unless a test says otherwise. */
export const TEST_MILLIS = 1_800_000_000_000;
export const TEST_SECONDS = 1_800_000_000;
const DAY = 86_400;

/** Who and when, for transitions. */
export function testContext(overrides: Partial<ChangeContext> = {}): ChangeContext {
  return { at: TEST_MILLIS, actor: 'tester@host', sha256: sha256Hex, ...overrides };
}

/** The `n`th of a row of ids that sort by `n`; `salt` (hex digits, at most 8) tells rows apart. */
export function testJti(n: number, salt = 'a'): string {
  return `${salt.padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** A thumbprint that belongs to no key. */
export function testKid(name: string | number = 0): string {
  return sha256Base64url(`kid ${name}`);
}

/** An active token of the client `partner` that lives for 90 days. */
export function testRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  const jti = overrides.jti ?? testJti(1);
  const exp = overrides.exp ?? TEST_SECONDS + 90 * DAY;
  return {
    jti,
    client: 'partner',
    state: 'active',
    epoch: 1,
    kid: testKid(),
    iat: TEST_SECONDS,
    exp,
    liveUntil: exp,
    scopes: ['plans:read'],
    aud: ['https://api.example.test'],
    payloadSha256: sha256Hex(`payload of ${jti}`),
    iss: 'https://issuer.example.test',
    issuedBy: 'tester@host',
    ...overrides,
  };
}

/** A record in which every optional member that its state allows is set. */
export function fullRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  return testRecord({
    state: 'revoked',
    nbf: TEST_SECONDS + 60,
    note: 'Für Ärzte 東京 👩‍⚕️ "quoted" \\ back',
    replaces: testJti(901),
    replacedBy: testJti(902),
    requestId: 'run/17#a',
    kmsRequestId: 'b7c1-kms',
    revokedAt: TEST_SECONDS + 120,
    revokedBy: 'arn:aws:sts::111122223333:assumed-role/ops/anna',
    reason: 'partner left',
    ...overrides,
  });
}

export function testRequest(overrides: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: 'request-1',
    parameterHash: sha256Hex('parameters'),
    jti: testJti(1),
    client: 'partner',
    createdAt: TEST_SECONDS,
    exp: TEST_SECONDS + 90 * DAY,
    ...overrides,
  };
}

export function testRingKey(overrides: Partial<RingKey> = {}): RingKey {
  const kid = overrides.kid ?? testKid();
  return {
    kid,
    alg: 'ES256',
    ref: `memory:${kid}`,
    state: 'active',
    createdAt: TEST_SECONDS - 2 * DAY,
    activatedAt: TEST_SECONDS - DAY,
    ...overrides,
  };
}

/** What a client change writes beside the client itself. */
export interface ClientChangeParts {
  readonly before?: Client | undefined;
  readonly client?: Partial<Omit<Client, 'id' | 'version' | 'eventSeq' | 'eventHash'>>;
  readonly created?: readonly TokenRecord[];
  readonly updated?: readonly TokenRecord[];
  /** Those of `updated` as they were read; absent = the change does not say. */
  readonly read?: readonly TokenRecord[];
  readonly requests?: readonly RequestRecord[];
  readonly context?: Partial<ChangeContext>;
}

/** A change to one client, registered if there is no `before`, with one event for each entry that it touches. */
export function changeClient(id: string, parts: ClientChangeParts = {}): ClientChange {
  const { before, created = [], updated = [], requests = [] } = parts;
  const body = { state: 'active', epoch: 1, createdAt: TEST_SECONDS, ...before, ...parts.client, id } as const;
  const drafts: EventDraft[] = [
    ...(before === undefined || created.length + updated.length === 0
      ? [clientDraft(before === undefined ? 'client.registered' : 'client.updated', id)]
      : []),
    ...created.map((it) => tokenDraft('token.prepared', it)),
    ...updated.map((it) => tokenDraft('token.replaced', it)),
  ];
  const records = { created, updated, requests, ...(parts.read === undefined ? {} : { before: parts.read }) };
  return clientChange(before, body, records, drafts, testContext(parts.context));
}

/** A change to one ring, made if there is no `before`, with one event for each key. */
export function changeRing(
  keys: readonly RingKey[],
  {
    before,
    name = MAIN_RING,
    context,
  }: { before?: KeyRing | undefined; name?: string; context?: Partial<ChangeContext> } = {},
): RingChange {
  const drafts = keys.map(({ kid, alg }): EventDraft => ({
    action: 'key.created',
    subject: kid,
    detail: { entity: 'key', before: {}, after: { kid, alg } },
  }));
  return ringChange(before, { name, keys }, drafts, testContext(context));
}

function clientDraft(action: 'client.registered' | 'client.updated', id: string): EventDraft {
  return { action, subject: id, detail: { entity: 'client', before: {}, after: { id } } };
}

function tokenDraft(action: 'token.prepared' | 'token.replaced', { jti, state, note }: TokenRecord): EventDraft {
  return {
    action,
    subject: jti,
    detail: { entity: 'token', before: { state: null }, after: { state, note: note ?? null } },
  };
}
