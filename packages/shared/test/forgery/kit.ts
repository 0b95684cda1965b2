/** What a forger works with: the history's names, events hashed anew, and keys that sign what he likes. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { GENESIS_HASH, hashEvent, type AuditEvent, type Json } from '../../src/domain/index.ts';
import { encodeBase64url, GRANT_TYPE, sha256Hex, thumbprint } from '../../src/jose/index.ts';
import { identifyIssue, type OperationDeps } from '../../src/operations/index.ts';
import { ISSUE_FIRST, membersOf, type History } from './history.ts';
import { text, type Doc, type Stored } from './raw-registry.ts';

/** Keys that a forger may have got hold of. None of them may sign for this environment. */
export type Forger = 'own' | 'revoked' | 'disabled' | 'foreign' | 'seal';

export interface Kit {
  readonly deps: OperationDeps;
  readonly history: History;
  readonly foreign: Readonly<Record<'sameKeys' | 'otherIssuer' | 'otherKeys', Stored>>;
  readonly signers: Readonly<Record<Forger, Signer>>;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Signer {
  readonly kid: string;
  readonly ref: string;
  readonly sign: (input: Uint8Array) => Promise<Uint8Array>;
}

export const EVIL_SCOPE = 'evil:all';
export const EVIL_AUDIENCE = 'https://evil.example';

export function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new TypeError('nothing to pick from');
  return value;
}

export function ownSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = thumbprint(publicKey);
  return { kid, ref: `file:${kid}`, sign: async (input) => rawSignature(privateKey, input) };
}

function rawSignature(key: KeyObject, input: Uint8Array): Uint8Array {
  return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
}

/** By the provider that holds the key. */
export function providerSigner({ keys }: Pick<OperationDeps, 'keys'>, kid: string, ref: string): Signer {
  return { kid, ref, sign: async (input) => (await keys.sign(ref, 'ES256', input)).signature };
}

export function chainOf({ event }: Stored, aggregate = 'client:partner'): Doc[] {
  return event.filter((it) => it['aggregate'] === aggregate).toSorted((a, b) => Number(a['seq']) - Number(b['seq']));
}

/** Hashes a chain anew from one place on, and gives its client the new head: consistent to everyone who lacks a seal. */
export function rehash(stored: Stored, aggregate = 'client:partner', fromSeq = 1): void {
  let prev: Json = GENESIS_HASH;
  let last: Doc | undefined;
  for (const event of chainOf(stored, aggregate)) {
    if (Number(event['seq']) >= fromSeq) {
      event['prev'] = prev;
      event['hash'] = hashEvent(event as unknown as AuditEvent, sha256Hex);
    }
    prev = event['hash'] ?? '';
    last = event;
  }
  const head = headOf(stored, aggregate);
  if (head === undefined || last === undefined) return;
  head['eventSeq'] = last['seq'] ?? 0;
  head['eventHash'] = last['hash'] ?? '';
}

export function headOf({ client, ring }: Stored, aggregate: string): Doc | undefined {
  const id = aggregate.slice(aggregate.indexOf(':') + 1);
  return aggregate.startsWith('ring:') ? ring.find(({ name }) => name === id) : client.find((it) => it['id'] === id);
}

export function tokenOf({ token }: Stored, jti: string): Doc {
  return token.find((it) => it['jti'] === jti) ?? {};
}

export function tokenOfRequest(stored: Stored, id: string): Doc {
  return tokenOf(stored, text(stored.request.find((it) => it['id'] === id)?.['jti']));
}

export function eventAt(stored: Stored, seq: Json | undefined, aggregate = 'client:partner'): Doc {
  return stored.event.find((it) => it['aggregate'] === aggregate && it['seq'] === seq) ?? {};
}

/** The members that an event gave to a token. */
export function afterOf(event: Doc): Doc {
  return membersOf(membersOf(event['detail'])['after']);
}

/** Appends an event, sound in itself, to a chain. Gives back the event. */
export function append(stored: Stored, event: Doc, aggregate = 'client:partner'): Doc {
  const head = headOf(stored, aggregate);
  const made: Doc = { ...event, seq: Number(head?.['eventSeq'] ?? 0) + 1, aggregate, prev: head?.['eventHash'] ?? '' };
  made['hash'] = hashEvent(made as unknown as AuditEvent, sha256Hex);
  stored.event.push(made);
  if (head === undefined) return made;
  head['eventSeq'] = made['seq'] ?? 0;
  head['eventHash'] = made['hash'];
  head['version'] = Number(head['version']) + 1;
  return made;
}

export interface Planted {
  readonly record: Doc;
  readonly event: Doc;
}

/** A token that nobody asked for: record, event and request, all of which agree. */
export function plant(stored: Stored, kit: Kit, part: Doc = {}): Planted {
  const { deps, history } = kit;
  const now = Math.floor(deps.clock.now() / 1_000);
  const client = text(part['client'] ?? 'partner');
  const aggregate = `client:${client}`;
  const seq = Number(headOf(stored, aggregate)?.['eventSeq'] ?? 0) + 1;
  const jti = deps.entropy.uuid();
  const { exp = now + 300 * 86_400 } = part;
  const record: Doc = {
    jti,
    client,
    state: 'pending',
    epoch: headOf(stored, aggregate)?.['epoch'] ?? 1,
    kid: history.kids.active,
    iat: now,
    exp,
    liveUntil: exp,
    scopes: [EVIL_SCOPE],
    aud: [EVIL_AUDIENCE],
    payloadSha256: 'e'.repeat(64),
    iss: deps.environment.issuer,
    issuedBy: 'admin@host',
    requestId: ISSUE_FIRST.requestId,
    grantSeq: seq,
    ...part,
  };
  const parameterHash = identifyIssue(ISSUE_FIRST)?.parameterHash ?? '';
  const before = Object.fromEntries(Object.keys(record).map((name) => [name, null]));
  const event = append(
    stored,
    {
      at: new Date(deps.clock.now()).toISOString(),
      actor: 'admin@host',
      action: 'token.prepared',
      subject: jti,
      detail: { entity: 'token', before, after: structuredClone(record), parameterHash },
    },
    aggregate,
  );
  stored.token.push(record);
  stored.request = stored.request.filter(({ id }) => id !== ISSUE_FIRST.requestId);
  stored.request.push({ id: ISSUE_FIRST.requestId, parameterHash, jti, client, createdAt: now, exp });
  return { record, event };
}

/** A statement about this one event, in the form of a grant. */
export async function forgeGrant(
  kit: Kit,
  event: Doc,
  forger: Forger,
  part: { readonly header?: Doc; readonly payload?: Doc } = {},
): Promise<string> {
  const { deps, signers } = kit;
  const { kid, sign: signWith } = signers[forger];
  const header = { alg: 'ES256', typ: GRANT_TYPE, kid, ...part.header };
  const { aggregate, seq, prev, hash } = event;
  const statement = {
    iss: deps.environment.issuer,
    env: deps.environment.name,
    aggregate,
    fromSeq: seq,
    seq,
    prev,
    hash,
  };
  const input = [header, { ...statement, ...part.payload }]
    .map((it) => encodeBase64url(Buffer.from(JSON.stringify(it))))
    .join('.');
  return `${input}.${encodeBase64url(await signWith(Buffer.from(input)))}`;
}
