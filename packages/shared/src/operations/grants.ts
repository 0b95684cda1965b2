/**
 * Signed grants: the signing key vouches for the events of each commit that prepares tokens, so that whatever is signed
 * again later rests on what a command once asked for, and not on what the registry says now.
 */
import type { ClientChange } from '../domain/change.ts';
import { hashEvent } from '../domain/events.ts';
import { isKid } from '../domain/identifiers.ts';
import { aggregateName, type AuditEvent, type JsonObject, type KeyRing } from '../domain/records.ts';
import { isSigningAlg } from '../jose/algorithms.ts';
import { GRANT_TYPE, parseCompact, type CompactJws } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { JwsError } from '../jose/errors.ts';
import { parseJsonObject } from '../jose/json.ts';
import { encodeHeader, signingInput } from '../jose/token.ts';
import { verifySignature } from '../jose/verify.ts';
import { InvalidStateError, NotFoundError } from '../ports/errors.ts';
import type { KeyProvider } from '../ports/key-provider.ts';
import { signToken } from './compose.ts';
import type { ActiveKey } from './key-ring.ts';
import type { Environment } from './types.ts';

/**
 * What is signed: `fromSeq..seq` are the events of one commit, `prev` is the hash before the first of them, `hash` that
 * of the last. It says nothing about the events below `fromSeq`, which others may have written.
 */
interface GrantStatement extends JsonObject {
  readonly iss: string;
  readonly env: string;
  readonly aggregate: string;
  readonly fromSeq: number;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/** Events that one commit may have: a transaction of any backend takes no more items. */
export const LARGEST_COMMIT = 100;

type GrantEnvironment = Pick<Environment, 'name' | 'issuer'>;

/** The change with a grant on its last event. All of its events must have been composed by this process. */
export async function signGrant(
  {
    keys,
    environment,
  }: { readonly keys: Pick<KeyProvider, 'publicKey' | 'sign'>; readonly environment: GrantEnvironment },
  change: ClientChange,
  key: ActiveKey['key'],
): Promise<ClientChange> {
  const [first, last] = [change.events[0], change.events.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('a grant needs an event');
  const statement: GrantStatement = {
    iss: environment.issuer,
    env: environment.name,
    aggregate: aggregateName({ kind: 'client', id: change.client.id }),
    fromSeq: first.seq,
    seq: last.seq,
    prev: first.prev,
    hash: last.hash,
  };
  const input = signingInput(encodeHeader(key.alg, key.kid, GRANT_TYPE), Buffer.from(JSON.stringify(statement)));
  const { token: grant, kmsRequestId } = await signToken(keys, key, { input });
  const granted = { ...last, grant, ...(kmsRequestId === undefined ? {} : { grantRequestId: kmsRequestId }) };
  return { ...change, events: [...change.events.slice(0, -1), granted] };
}

export interface GrantVerifier {
  readonly keys: Pick<KeyProvider, 'publicKeyOf'>;
  readonly environment: GrantEnvironment;
}

/** What a grant is worth: from which event of its aggregate on it vouches, or why it vouches for nothing. */
export type GrantVerdict =
  | { readonly kid: string; readonly fromSeq: number }
  /** `unchecked`: its key is disabled, so that nothing can be said. */
  | { readonly flaw: string; readonly unchecked: boolean };

/**
 * Verifies the grant on the last of these events, which follow one another and may begin inside of its commit. The key
 * is found by its thumbprint, never through the registry. Throws what the key provider throws for keys out of reach.
 */
export async function verifyGrant(
  { keys, environment }: GrantVerifier,
  aggregate: string,
  events: readonly AuditEvent[],
): Promise<GrantVerdict> {
  const last = events.at(-1);
  const jws = readGrant(last?.grant);
  if (last === undefined || jws === undefined) return flawed('no statement of a signing key is kept with it');
  const { kid, alg } = jws.header;
  if (kid === undefined || !isKid(kid) || !isSigningAlg(alg)) return flawed('its statement names no signing key');
  if (!areLinked(aggregate, events)) return flawed('its events are not what was hashed when they were written');
  const fromSeq = vouchedFrom(payloadOf(jws.payloadBytes), { environment, aggregate, last }, events);
  if (fromSeq === undefined) return flawed('the statement that is kept with it is about something else');
  try {
    const genuine = verifySignature(alg, await keys.publicKeyOf(kid), jws.signingInput, jws.signature);
    return genuine ? { kid, fromSeq } : flawed('the signature of its statement does not verify');
  } catch (error) {
    if (error instanceof NotFoundError) return flawed('its statement is not signed by a key of this environment');
    if (error instanceof InvalidStateError) return { flaw: 'the key of its statement is disabled', unchecked: true };
    throw error;
  }
}

function flawed(flaw: string): GrantVerdict {
  return { flaw, unchecked: false };
}

/** Why a grant of this key is worth nothing, whenever it was made; nothing where it holds. */
export function keyFlaw(ring: KeyRing | undefined, kid: string): string | undefined {
  const state = ring?.keys.find((key) => key.kid === kid)?.state ?? 'not in the key ring';
  if (state === 'active' || state === 'retiring' || state === 'retired') return undefined;
  return `its statement is signed by a key that is ${state}`;
}

function readGrant(grant: string | undefined): CompactJws | undefined {
  if (grant === undefined) return undefined;
  try {
    const jws = parseCompact(grant);
    return jws.header.typ === GRANT_TYPE ? jws : undefined;
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}

/** Each has the hash of its content, and names that of the one before it. */
function areLinked(aggregate: string, events: readonly AuditEvent[]): boolean {
  return events.every((event, index) => {
    const before = events[index - 1];
    const follows = before === undefined || (event.seq === before.seq + 1 && event.prev === before.hash);
    return follows && event.aggregate === aggregate && hashEvent(event, sha256Hex) === event.hash;
  });
}

/** The first event that the statement vouches for; nothing where it is not about these events. */
function vouchedFrom(
  { iss, env, aggregate: about, fromSeq, seq, prev, hash, ...rest }: Readonly<Record<string, unknown>>,
  expected: { readonly environment: GrantEnvironment; readonly aggregate: string; readonly last: AuditEvent },
  events: readonly AuditEvent[],
): number | undefined {
  const { environment, aggregate, last } = expected;
  const isOurs = iss === environment.issuer && env === environment.name && about === aggregate;
  if (!isOurs || seq !== last.seq || hash !== last.hash || Object.keys(rest).length > 0) return undefined;
  if (typeof fromSeq !== 'number' || !Number.isInteger(fromSeq) || fromSeq < 1 || fromSeq > last.seq) return undefined;
  const start = events.find((event) => event.seq === fromSeq);
  return start === undefined || start.prev === prev ? fromSeq : undefined;
}

function payloadOf(payloadBytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return parseJsonObject(payloadBytes);
  } catch (error) {
    if (error instanceof JwsError) return {};
    throw error;
  }
}
