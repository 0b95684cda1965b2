/** Wrappers that break a registry or key provider at chosen calls: before, after, late, or never answering. */
import type { Change } from '../domain/change.ts';
import type { SigningAlg } from '../jose/algorithms.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { KeyProvider } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';

/** What happens to one call. */
export type Fault =
  /** It rejects, and the backend never saw it. */
  | { readonly kind: 'fail'; readonly error: Error }
  /** The backend did it, then the answer is lost; the default error is `UnavailableError` with an unknown outcome. */
  | { readonly kind: 'lose'; readonly error?: Error }
  /** It is held back until this resolves; the backend sees it afterwards. */
  | { readonly kind: 'delay'; readonly until: Promise<unknown> }
  /** The backend never sees it and it never answers, not even when its signal is aborted. */
  | { readonly kind: 'hang' };

interface CallBase<M> {
  readonly method: M;
  /** 1 for the first call of this method, 2 for the second. */
  readonly nth: number;
}
type RegistryMethod = Exclude<keyof Registry, 'commit' | 'close'>;
export type RegistryCall = (CallBase<'commit'> & { readonly change: Change }) | CallBase<RegistryMethod>;

export type KeyCall =
  | (CallBase<'create'> & { readonly alg: SigningAlg })
  | (CallBase<'sign'> & { readonly ref: string; readonly alg: SigningAlg; readonly input: Uint8Array })
  | (CallBase<'publicKeyOf'> & { readonly kid: string })
  | (CallBase<'publicKey' | 'disable' | 'scheduleDeletion'> & { readonly ref: string });

/**
 * Decides about one call before it is made; nothing = it goes through. A plan may also do things of its own first,
 * such as changing the registry behind the caller's back.
 */
export type FaultPlan<C> = (call: C) => Fault | undefined | void | Promise<Fault | undefined | void>;

/** A plan that meets the `nth` call of one method (every call, without `nth`) and lets all others pass. */
export function faultAt(method: string, fault: Fault, nth?: number): FaultPlan<CallBase<string>> {
  return (call) => (call.method === method && (nth === undefined || call.nth === nth) ? fault : undefined);
}

export function faultyRegistry(inner: Registry, plan: FaultPlan<RegistryCall>): Registry {
  const next = counter();
  const run = <T>(method: RegistryMethod, call: () => Promise<T>): Promise<T> =>
    strike(plan, { method, nth: next(method) }, call);
  const list = async function* <T>(method: RegistryMethod, call: () => AsyncIterable<T>): AsyncGenerator<T> {
    // A listing fails when its first item is asked for.
    yield* await strike(plan, { method, nth: next(method) }, async () => call());
  };
  return {
    commit: (change) => strike(plan, { method: 'commit', nth: next('commit'), change }, () => inner.commit(change)),
    readStatus: (jti, client, signal) => run('readStatus', () => inner.readStatus(jti, client, signal)),
    readKeyRing: (signal) => run('readKeyRing', () => inner.readKeyRing(signal)),
    getClient: (id) => run('getClient', () => inner.getClient(id)),
    getToken: (client, jti) => run('getToken', () => inner.getToken(client, jti)),
    findToken: (jti) => run('findToken', () => inner.findToken(jti)),
    findTokens: (prefix, limit) => run('findTokens', () => inner.findTokens(prefix, limit)),
    getRequest: (id) => run('getRequest', () => inner.getRequest(id)),
    getClients: (ids) => run('getClients', () => inner.getClients(ids)),
    getRequests: (ids) => run('getRequests', () => inner.getRequests(ids)),
    getRing: (name) => run('getRing', () => inner.getRing(name)),
    tokensOfClient: (client, options) => list('tokensOfClient', () => inner.tokensOfClient(client, options)),
    tokensByEnd: (from, until, options) => list('tokensByEnd', () => inner.tokensByEnd(from, until, options)),
    requests: (client) => list('requests', () => inner.requests(client)),
    clients: () => list('clients', () => inner.clients()),
    eventsOf: (aggregate, fromSeq, toSeq) => list('eventsOf', () => inner.eventsOf(aggregate, fromSeq, toSeq)),
    eventsByTime: (from, until) => list('eventsByTime', () => inner.eventsByTime(from, until)),
    lastUses: (jtis) => run('lastUses', () => inner.lastUses(jtis)),
    close: () => inner.close(),
  };
}

export function faultyKeys(inner: KeyProvider, plan: FaultPlan<KeyCall>): KeyProvider {
  const next = counter();
  return {
    create: (alg) => strike(plan, { method: 'create', nth: next('create'), alg }, () => inner.create(alg)),
    publicKey: (ref, signal) =>
      strike(plan, { method: 'publicKey', nth: next('publicKey'), ref }, () => inner.publicKey(ref, signal)),
    publicKeyOf: (kid) =>
      strike(plan, { method: 'publicKeyOf', nth: next('publicKeyOf'), kid }, () => inner.publicKeyOf(kid)),
    sign: (ref, alg, input) =>
      strike(plan, { method: 'sign', nth: next('sign'), ref, alg, input }, () => inner.sign(ref, alg, input)),
    disable: (ref) => strike(plan, { method: 'disable', nth: next('disable'), ref }, () => inner.disable(ref)),
    scheduleDeletion: (ref) =>
      strike(plan, { method: 'scheduleDeletion', nth: next('scheduleDeletion'), ref }, () =>
        inner.scheduleDeletion(ref),
      ),
  };
}

async function strike<C, T>(plan: FaultPlan<C>, call: C, go: () => Promise<T>): Promise<T> {
  const fault = await plan(call);
  if (fault?.kind === 'fail') throw fault.error;
  if (fault?.kind === 'hang') return new Promise<never>(() => {});
  if (fault?.kind === 'delay') await fault.until;
  const answer = await go();
  if (fault?.kind === 'lose') throw fault.error ?? new UnavailableError('the answer was lost', { outcome: 'unknown' });
  return answer;
}

function counter(): (method: string) => number {
  const counts = new Map<string, number>();
  return (method) => {
    const nth = (counts.get(method) ?? 0) + 1;
    counts.set(method, nth);
    return nth;
  };
}
