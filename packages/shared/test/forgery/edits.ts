/** Single edits of a registry: every field of what matters, set to a forger's values, to wrong types, or removed. */
import type { Json } from '../../src/domain/index.ts';
import { ISSUE, ISSUE_ONCE, membersOf } from './history.ts';
import {
  afterOf,
  eventAt,
  EVIL_AUDIENCE,
  EVIL_SCOPE,
  headOf,
  rehash,
  tokenOf,
  tokenOfRequest,
  type Kit,
} from './kit.ts';
import { text, type Doc, type Stored } from './raw-registry.ts';

export interface Forgery {
  readonly name: string;
  /** The names of the commands that it is to lead astray; absent = all. */
  readonly aim?: RegExp;
  readonly forge: (stored: Stored, kit: Kit) => void | Promise<void>;
  /** What is changed after an honest commit came on top. */
  readonly onTop?: (stored: Stored, kit: Kit) => void | Promise<void>;
}

interface Target {
  readonly name: string;
  readonly find: (stored: Stored, kit: Kit) => Doc;
  readonly aim?: RegExp;
  /** Whose chain to hash anew, where a forger who rewrites events would. */
  readonly chain?: string;
}

/** Removes the field. */
const GONE = Symbol('gone');
type Value = Json | typeof GONE | ((kit: Kit) => Json);

const ANY: readonly Value[] = [
  GONE,
  null,
  0,
  -1,
  1e300,
  Number.MAX_SAFE_INTEGER,
  999_999_999_950,
  '',
  'x',
  '\ud800',
  true,
  [],
  {},
  ['\udfff'],
  [[]],
];
const SCOPES: readonly Value[] = [[EVIL_SCOPE], ['plans:read', EVIL_SCOPE], ['root:all'], [''], EVIL_SCOPE];
const AUDIENCES: readonly Value[] = [[EVIL_AUDIENCE], ['https://api.localhost', EVIL_AUDIENCE], EVIL_AUDIENCE];
const soon =
  (seconds: number): Value =>
  ({ deps }) =>
    Math.floor(deps.clock.now() / 1_000) + seconds;
const TIMES: readonly Value[] = [
  soon(-86_400),
  soon(-1),
  soon(60),
  soon(300 * 86_400),
  soon(3_650 * 86_400),
  253_402_300_799,
];
const SEQS: readonly Value[] = [1, 2, 3, 5, 8, 13, 21, 34, 55];
const KIDS: readonly Value[] = [
  ...(['active', 'retiring', 'revoked', 'disabled'] as const).map(
    (name): Value =>
      ({ history }) =>
        history.kids[name],
  ),
  ({ signers }) => signers.own.kid,
  ({ signers }) => signers.foreign.kid,
  '../../../etc/passwd',
];
const CLIENTS: readonly Value[] = ['admins', 'partner', 'nobody', 'x/y'];
const JTIS: readonly Value[] = [
  ...(['live', 'admin', 'revokedKey', 'expired', 'claimed'] as const).map(
    (name): Value =>
      ({ history }) =>
        history.jti[name],
  ),
  '00000000-0000-4000-8000-000000000000',
];
const HASHES: readonly Value[] = ['e'.repeat(64), '0'.repeat(64)];

const VALUES: Readonly<Record<string, readonly Value[]>> = {
  scopes: SCOPES,
  aud: AUDIENCES,
  iat: TIMES,
  exp: TIMES,
  liveUntil: TIMES,
  nbf: TIMES,
  createdAt: TIMES,
  grantSeq: SEQS,
  regrantSeq: SEQS,
  seq: SEQS,
  eventSeq: SEQS,
  version: SEQS,
  kid: KIDS,
  client: CLIENTS,
  id: [...CLIENTS, 'CHG-77', 'CHG-78', 'CHG-79'],
  aggregate: ['client:admins', 'client:partner', 'ring:main'],
  jti: JTIS,
  subject: JTIS,
  replaces: JTIS,
  replacedBy: JTIS,
  requestId: ['CHG-77', 'CHG-78', 'CHG-79', 'CHG-1'],
  state: ['pending', 'active', 'revoked', 'suspended', 'retired', 'retiring'],
  action: ['token.prepared', 'token.reprepared', 'token.activated', 'client.updated'],
  payloadSha256: HASHES,
  parameterHash: HASHES,
  prev: HASHES,
  hash: HASHES,
  eventHash: HASHES,
  epoch: [1, 2, 0],
  maxTtl: [3_650 * 86_400, 1],
  cidrs: [['0.0.0.0/0'], ['10.0.0.0/8']],
  iss: ['https://evil.example', 'https://apikey.localhost'],
  alg: ['ES256', 'EdDSA', 'HS256', 'none', 'RS256'],
  ref: [
    ({ signers }) => signers.own.ref,
    ({ history }) => `file:${history.kids.retiring}`,
    '../x',
    'arn:aws:kms:eu-west-1:999988887777:key/evil',
  ],
  grace: [0, 3_650 * 86_400],
  at: ['2027-01-15T08:00:00.000Z', '2030-01-01T00:00:00.000Z', '2027-99-99T99:99:99.999Z'],
  grant: ['a.b.c', 'x'],
};

/** Members that a document may have, whether this one does or not. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  token: ['nbf', 'note', 'replaces', 'replacedBy', 'grace', 'requestId', 'regrantSeq', 'revokedAt', 'colour'],
  client: ['scopes', 'cidrs', 'maxTtl', 'colour'],
  event: ['grant', 'grantRequestId', 'colour'],
};

const ofToken = (name: string, aim: RegExp, find: (stored: Stored, kit: Kit) => Doc): Target[] => [
  { name: `the record of ${name}`, aim, find },
  { name: `the prepare event of ${name}`, aim, find: (stored, kit) => eventAt(stored, find(stored, kit)['grantSeq']) },
  { name: `what was prepared of ${name}`, aim, find: (stored, kit) => preparedOf(stored, find(stored, kit)) },
  {
    name: `what was prepared of ${name}, hashed anew`,
    aim,
    find: (stored, kit) => preparedOf(stored, find(stored, kit)),
    chain: 'client:partner',
  },
];

function preparedOf(stored: Stored, record: Doc): Doc {
  return afterOf(eventAt(stored, record['grantSeq']));
}

const TARGETS: readonly Target[] = [
  ...ofToken('a live token', /the live token|rotate all|restore/, (stored, { history }) =>
    tokenOf(stored, history.jti.live),
  ),
  ...ofToken('a claimed token', /claimed|cut short/, (stored, { history }) => tokenOf(stored, history.jti.claimed)),
  ...ofToken('a request that was resumed', /resumed|CHG-77|restore/, (stored) =>
    tokenOfRequest(stored, ISSUE.requestId),
  ),
  ...ofToken('a request', /cut short|CHG-78/, (stored) => tokenOfRequest(stored, ISSUE_ONCE.requestId)),
  ...ofToken('a line of a bulk run', /file|bulk/, (stored) => tokenOfRequest(stored, 'bulk-2')),
  {
    name: 'the record of a pending successor',
    aim: /claimed|cut short|ROT-1/,
    find: (stored) => tokenOfRequest(stored, 'ROT-1'),
  },
  {
    name: 'the record of a token of a revoked key',
    find: (stored, { history }) => tokenOf(stored, history.jti.revokedKey),
  },
  {
    name: 'the record of an expired token',
    aim: /expired|all/,
    find: (stored, { history }) => tokenOf(stored, history.jti.expired),
  },
  {
    name: 'the record of a token of two keys',
    aim: /rekeyed|all/,
    find: (stored, { history }) => tokenOf(stored, history.jti.rekeyed),
  },
  {
    name: 'the reprepare event of a request',
    aim: /resumed|CHG-77/,
    find: (stored) => eventAt(stored, tokenOfRequest(stored, ISSUE.requestId)['regrantSeq']),
  },
  {
    name: 'what was reprepared of a request, hashed anew',
    aim: /resumed|CHG-77/,
    find: (stored) => afterOf(eventAt(stored, tokenOfRequest(stored, ISSUE.requestId)['regrantSeq'])),
    chain: 'client:partner',
  },
  {
    name: 'the request',
    aim: /resumed|CHG-77/,
    find: (stored) => stored.request.find(({ id }) => id === ISSUE.requestId) ?? {},
  },
  {
    name: 'the request of a bulk line',
    aim: /file|bulk/,
    find: (stored) => stored.request.find(({ id }) => id === 'bulk-2') ?? {},
  },
  { name: 'the client', find: (stored) => headOf(stored, 'client:partner') ?? {} },
  { name: 'the other client', find: (stored) => headOf(stored, 'client:admins') ?? {} },
  { name: 'the ring', find: (stored) => headOf(stored, 'ring:main') ?? {} },
  ...[0, 1, 2, 3].map((index): Target => ({
    name: `key ${index} of the ring`,
    find: (stored) => {
      const keys = headOf(stored, 'ring:main')?.['keys'];
      return membersOf(Array.isArray(keys) ? keys[index] : undefined);
    },
  })),
];

/** All of them, as this registry has the fields. */
export function editsOf(stored: Stored, kit: Kit): Forgery[] {
  return TARGETS.flatMap((target) => {
    const document = target.find(stored, kit);
    const more = Object.entries(MORE).find(([kind]) => looksLike(kind, document))?.[1] ?? [];
    const fields = new Set([...Object.keys(document), ...more]);
    return [...fields].flatMap((field) =>
      [...(VALUES[field] ?? []), ...ANY].map((value) => edit(target, field, value)),
    );
  });
}

function looksLike(kind: string, document: Doc): boolean {
  if (kind === 'token') return 'payloadSha256' in document;
  return kind === 'client' ? 'epoch' in document && !('jti' in document) : 'prev' in document;
}

function edit({ name, find, aim, chain }: Target, field: string, value: Value): Forgery {
  const shown = value === GONE ? 'gone' : typeof value === 'function' ? String(value) : JSON.stringify(value);
  return {
    name: `${field} of ${name}: ${shown}`,
    ...(aim === undefined ? {} : { aim }),
    forge: (stored, kit) => {
      const document = find(stored, kit);
      if (value === GONE) delete document[field];
      else document[field] = structuredClone(typeof value === 'function' ? value(kit) : value);
      if (chain === undefined) return;
      // The record says the same, as the forger wants it signed.
      const record = tokenOf(stored, text(document['jti']));
      if (field !== 'jti') Object.assign(record, { [field]: document[field] ?? null });
      if (record[field] === null) delete record[field];
      ignoring(() => rehash(stored, chain));
    },
  };
}

function ignoring(work: () => void): void {
  try {
    work();
  } catch {
    // What has no hash is left as it is.
  }
}
