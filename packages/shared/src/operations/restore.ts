/**
 * Puts back what a registry lost when it was set back to an older state: the events of an export, as they are, and the
 * state that they lead to. Chains are the same afterwards, hash by hash.
 *
 * Every commit writes what it touches in its last state, not in the one of its moment: a token that was issued and
 * revoked since the backup would live in between, and go on living if the restore were stopped there.
 */
import type { Change, ClientChange } from '../domain/change.ts';
import { ChainVerifier, GENESIS_HASH } from '../domain/events.ts';
import type {
  AuditEvent,
  Client,
  EpochMillis,
  EventAction,
  KeyRing,
  RequestRecord,
  TokenRecord,
} from '../domain/records.ts';
import { Replay } from '../domain/replay.ts';
import { sha256Hex } from '../jose/digest.ts';
import { RefusedError } from '../domain/errors.ts';
import { endOfLife } from '../domain/liveness.ts';
import { ConflictError, InvalidStateError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import type { AuditSource } from './audit-source.ts';
import { GrantCheck, type Unproven } from './grant-check.ts';
import type { GrantVerifier } from './grants.ts';
import { storedAggregate, type RestorePlan, type RestoreStep } from './restore-plan.ts';

/** Events of one commit, where they do not say so themselves: each has at most three items of the hundred. */
const EVENTS_PER_COMMIT = 20;
/** With its client, its events, and two for a record that is new: no backend takes more in one transaction. */
const ITEMS_PER_COMMIT = 100;
/** What ends a token. */
const ENDINGS: ReadonlySet<EventAction> = new Set(['token.revoked', 'token.replaced']);

export type RestoreSource = Pick<AuditSource, 'eventsOf'>;

export interface RestoreOptions {
  /** How grants are verified, and the time by which a token is over. */
  readonly grants: GrantVerifier & { readonly now: EpochMillis };
  /** Puts back tokens that no grant proves as well. */
  readonly unproven?: boolean;
  /** Told of every commit, with the number of events in it. */
  readonly onProgress?: (events: number) => void;
}

/**
 * Works through the plan in its order, one commit after the other: what takes away comes first. Stopped half-way, the
 * same call goes on where it was; until then a check finds records that are ahead of their events. Throws `LOST_RACE`
 * if somebody else writes to a chain meanwhile, `EXPORT_DAMAGED`, `GRANT_NOT_VERIFIED` before the first commit of a client
 * whose tokens would live again without proof that a signing key ever granted them, and what the registry throws.
 */
export async function restoreRegistry(
  registry: Registry,
  source: RestoreSource,
  { steps }: RestorePlan,
  options: RestoreOptions,
): Promise<void> {
  for (const step of steps) await restoreOne(registry, source, step, options);
}

async function restoreOne(
  registry: Registry,
  source: RestoreSource,
  step: RestoreStep,
  { grants, unproven = false, onProgress = () => {} }: RestoreOptions,
): Promise<void> {
  const { ref, fromSeq, untilSeq } = step;
  // Rings come first, so that this one is as it was left.
  const ring = await registry.readKeyRing();
  const target = await targetOf(source, step, grants, ring);
  if (!unproven) requireProven(target, ring, grants.now);
  let current = await storedAggregate(registry, ref);
  if ((current?.eventSeq ?? 0) !== fromSeq) throw moved(ref.id);
  for await (const events of commitsOf(source.eventsOf(ref, fromSeq + 1), untilSeq)) {
    if (events[0]?.prev !== (current?.eventHash ?? GENESIS_HASH)) throw moved(ref.id);
    const change = changeOf(step, target, current, events);
    await commit(registry, change);
    current = change.kind === 'client' ? change.client : change.ring;
    onProgress(events.length);
  }
}

/** Where a chain leads to. */
interface Target {
  readonly state: Replay;
  /** Tokens that the registry has, and that ended since: the first commits end them, whenever their events come. */
  readonly ended: Set<string>;
  /** Tokens that change, and that no grant vouches for. */
  readonly unproven: ReadonlyMap<string, string>;
}

/** The export was verified before; of a chain that does not add up all the same nothing is written. */
async function targetOf(
  source: RestoreSource,
  { ref, fromSeq, untilSeq }: RestoreStep,
  grants: GrantVerifier,
  ring: KeyRing | undefined,
): Promise<Target> {
  const state = new Replay(ref);
  const chain = new ChainVerifier(ref, sha256Hex);
  const check = new GrantCheck(grants, ref, ring);
  const flaws: Unproven[] = [];
  const made = new Set<string>();
  const ended = new Set<string>();
  const changed = new Set<string>();
  for await (const event of source.eventsOf(ref, 1)) {
    if (event.seq > untilSeq) break;
    const flaw = chain.next(event)?.fault ?? state.apply(event)[0]?.kind;
    if (flaw !== undefined) throw damaged(event, flaw);
    flaws.push(...(await check.next(event)));
    if (event.seq <= fromSeq) continue;
    if (event.detail.entity === 'token') changed.add(event.subject);
    if (event.action === 'token.prepared') made.add(event.subject);
    if (ENDINGS.has(event.action) && !made.has(event.subject)) ended.add(event.subject);
  }
  flaws.push(...check.end());
  const unproven = new Map(flaws.filter(({ jti }) => changed.has(jti)).map(({ jti, why }) => [jti, why]));
  return { state, ended, unproven };
}

/** A token that is dead whatever its record says needs no proof: it is put back as evidence. */
function requireProven({ state, unproven }: Target, ring: KeyRing | undefined, now: EpochMillis): void {
  const alive = [...unproven].filter(([jti]) => {
    const record = state.record(jti);
    const key = ring?.keys.find(({ kid }) => kid === record.kid);
    return record.state !== 'revoked' && key?.state !== 'revoked' && now < endOfLife(record) * 1000;
  });
  const [first] = alive;
  if (first === undefined) return;
  throw new RefusedError('GRANT_NOT_VERIFIED', 'the export holds tokens that no signing key is known to have granted', {
    why: `${alive.length} of client ${state.clientBody().id} would live again, the first is ${first[0]}: ${first[1]}`,
    fix: 'use the export of another day, or add --unproven to put them back all the same',
  });
}

/** The commits that are put back, one by one: versions count them. */
async function* commitsOf(events: AsyncIterable<AuditEvent>, untilSeq: number): AsyncGenerator<AuditEvent[]> {
  let batch: AuditEvent[] = [];
  for await (const event of events) {
    if (event.seq > untilSeq) break;
    if (batch.length > 0 && !belongs(batch, event)) {
      yield batch;
      batch = [];
    }
    batch.push(event);
  }
  if (batch.length > 0) yield batch;
}

function belongs([first, ...rest]: readonly AuditEvent[], { at, actor, detail }: AuditEvent): boolean {
  if (first?.detail.version !== undefined || detail.version !== undefined) return detail.version === undefined;
  return first?.at === at && first.actor === actor && rest.length + 1 < EVENTS_PER_COMMIT;
}

function changeOf(
  { ref: { kind, id } }: RestoreStep,
  { state, ended }: Target,
  current: Client | KeyRing | undefined,
  events: readonly AuditEvent[],
): Change {
  const last = events.at(-1);
  if (last === undefined) throw new TypeError('a commit needs an event');
  const expectedVersion = current?.version ?? 0;
  const head = { version: expectedVersion + 1, eventSeq: last.seq, eventHash: last.hash };
  if (kind === 'ring') {
    return { kind, expectedVersion, events, ring: { name: id, keys: state.keys(), ...head } };
  }
  const made = new Set(events.filter(({ action }) => action === 'token.prepared').map(({ subject }) => subject));
  const touched = new Set(events.filter(({ detail }) => detail.entity === 'token').map(({ subject }) => subject));
  for (const jti of ended) {
    if (1 + events.length + 3 * made.size + touched.size >= ITEMS_PER_COMMIT) break;
    ended.delete(jti);
    touched.add(jti);
  }
  const records = [...touched].map((jti): TokenRecord => state.record(jti));
  return {
    kind,
    expectedVersion,
    events,
    client: { ...state.clientBody(), ...head },
    created: records.filter(({ jti }) => made.has(jti)),
    updated: records.filter(({ jti }) => !made.has(jti)),
    requests: [...made].flatMap((jti) => requestOf(state, jti) ?? []),
  };
}

/** Nothing where its id was used again since: then the later one is written. */
function requestOf(state: Replay, jti: string): RequestRecord | undefined {
  const { requestId } = state.record(jti);
  if (requestId === undefined || state.requests.get(requestId)?.['jti'] !== jti) return undefined;
  return state.request(requestId);
}

async function commit(registry: Registry, change: Change): Promise<void> {
  const wanted = change.kind === 'client' ? await withoutKnownRequests(registry, change) : change;
  try {
    await registry.commit(wanted);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const rest = wanted.kind === 'client' ? await withoutForgotten(registry, wanted) : wanted;
    if (rest === wanted) throw moved(wanted.kind === 'client' ? wanted.client.id : wanted.ring.name, error);
    await registry.commit(rest);
  }
}

/** A request that is there already is not written as a new one. */
async function withoutKnownRequests(registry: Registry, change: ClientChange): Promise<ClientChange> {
  if (change.requests.length === 0) return change;
  const known = await registry.getRequests(change.requests.map(({ id }) => id));
  return { ...change, requests: change.requests.filter(({ id }) => !known.has(id)) };
}

/** A record that was deleted long after its token expired stays away: its events do without it. */
async function withoutForgotten(registry: Registry, change: ClientChange): Promise<ClientChange> {
  const updated: TokenRecord[] = [];
  for (const record of change.updated) {
    if ((await registry.getToken(record.client, record.jti)) !== undefined) updated.push(record);
  }
  return updated.length === change.updated.length ? change : { ...change, updated };
}

function damaged({ seq, aggregate }: AuditEvent, flaw: string): InvalidStateError {
  return new InvalidStateError('EXPORT_DAMAGED', 'the export does not add up', {
    why: `event ${seq} of ${aggregate} does not follow from those before it (${flaw})`,
    fix: 'check it with: apikey audit verify --from FILE',
  });
}

function moved(id: string, cause?: unknown): InvalidStateError {
  return new InvalidStateError('LOST_RACE', `${id} was changed while the restore was under way`, {
    why: 'somebody else writes to the registry, or the backup tore what was written together',
    fix:
      'keep everybody from writing to it, and run the command again; if that ends here too, take a backup of another ' +
      'minute, or put the export into an empty registry',
    cause,
  });
}
