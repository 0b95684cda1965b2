/** A world whose signing calls are logged as the service behind the keys would log them. */
import { UnavailableError } from '../ports/errors.ts';
import type { KeyProvider } from '../ports/key-provider.ts';
import type { SignCall } from '../ports/sign-log.ts';
import { readSigningKeys, reconcile, type Reconciliation } from './reconcile.ts';
import { SignLedger } from './sign-ledger.ts';
import type { OperationDeps } from './types.ts';
import { isTokenInput, newWorld, type World } from './world.fixture.ts';

export interface Logged extends World {
  readonly log: SignCall[];
  /** Those of the log that signed a token; all others signed a grant. */
  readonly tokenCalls: () => SignCall[];
  /** The same, done by somebody else. */
  readonly as: (actor: string) => OperationDeps;
  readonly judge: (log?: readonly SignCall[], window?: { from: number; until: number }) => Promise<Reconciliation>;
}

export const MINUTE = 60_000;

/** @param logged what the log tells of a time; absent = all of it */
export async function newLogged(logged: (at: number) => number = (at) => at): Promise<Logged> {
  const world = await newWorld();
  const log: SignCall[] = [];
  const ofTokens = new Set<SignCall>();
  const logging = (actor: string): OperationDeps => {
    const sign: KeyProvider['sign'] = async (ref, alg, input) => {
      const write = (requestId: string): void => {
        const at = logged(world.clock.now());
        const call = { requestId, eventId: `event-${requestId}`, at, principal: actor, keyArn: ref, signed: true };
        log.push(call);
        if (isTokenInput(input)) ofTokens.add(call);
      };
      const result = await world.deps.keys.sign(ref, alg, input).catch((error: unknown) => {
        // It was made all the same; nobody but the log knows its id.
        if (error instanceof UnavailableError && error.outcome === 'unknown') write(`lost-${log.length}`);
        throw error;
      });
      write(result.requestId ?? '');
      return result;
    };
    return { ...world.deps, actor, keys: loggingKeys(world.deps.keys, sign) };
  };
  const start = world.clock.now();
  return {
    ...world,
    log,
    tokenCalls: () => log.filter((call) => ofTokens.has(call)),
    deps: logging('admin@host'),
    as: logging,
    judge: async (calls = log, window) => {
      const ledger = new SignLedger(await readSigningKeys(world.registry));
      for (const call of calls) ledger.add(call);
      const { from, until } = window ?? { from: start - MINUTE, until: world.clock.now() + MINUTE };
      return reconcile(world.registry, { ledger, from, until });
    },
  };
}

function loggingKeys(keys: KeyProvider, sign: KeyProvider['sign']): KeyProvider {
  return {
    create: (alg) => keys.create(alg),
    publicKey: (ref, signal) => keys.publicKey(ref, signal),
    publicKeyOf: (kid) => keys.publicKeyOf(kid),
    disable: (ref) => keys.disable(ref),
    scheduleDeletion: (ref) => keys.scheduleDeletion(ref),
    sign,
  };
}
