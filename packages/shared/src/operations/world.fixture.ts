/** What the operations' tests run in: memory adapters, a clock that obeys, and a way to look at the outcome. */
import { judgeRecord } from '../domain/liveness.ts';
import type { TokenRecord } from '../domain/records.ts';
import { parseClaims, type TokenClaims } from '../jose/claims.ts';
import { parseCompact, TOKEN_TYPE } from '../jose/compact.ts';
import type { KeyProvider } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';
import type { UsageRecorder } from '../ports/usage.ts';
import { fixedClock, instantDelay, seededEntropy, type FixedClock } from '../testing/clock.ts';
import { faultyKeys, faultyRegistry, type FaultPlan, type KeyCall, type RegistryCall } from '../testing/faults.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { memoryRegistry } from '../testing/memory-registry.ts';
import { arraySink, type ArraySink } from '../testing/sink.ts';
import { ensureKeyRing } from './key-ring.ts';
import type { IssueRequest, OperationDeps } from './types.ts';

export interface World {
  /** Operations go through `deps`, whose adapters meet the fault plan. */
  readonly deps: OperationDeps;
  /** The adapters behind, which never fail. */
  readonly registry: Registry & UsageRecorder;
  readonly keys: KeyProvider;
  readonly clock: FixedClock;
  readonly sink: ArraySink;
  /** From now on every call of either adapter is shown to this first. */
  meet(plan: FaultPlan<RegistryCall | KeyCall>): void;
}

/** An environment with a key ring, in which nothing was issued yet. */
export async function newWorld(): Promise<World> {
  const registry = memoryRegistry();
  const keys = memoryKeys();
  const clock = fixedClock();
  let plan: FaultPlan<RegistryCall | KeyCall> = () => undefined;
  const deps: OperationDeps = {
    registry: faultyRegistry(registry, (call) => plan(call)),
    keys: faultyKeys(keys, (call) => plan(call)),
    clock,
    delay: instantDelay(clock),
    entropy: seededEntropy(),
    actor: 'admin@host',
    environment: {
      name: 'local',
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      defaultTtl: 90 * 86_400,
      maxTtl: 366 * 86_400,
    },
  };
  await ensureKeyRing(deps, 'ES256');
  return {
    deps,
    registry,
    keys,
    clock,
    sink: arraySink(),
    meet: (next) => {
      plan = next;
    },
  };
}

export const partner: IssueRequest = { client: 'partner', scopes: [], audience: [] };

export async function recordsOf({ registry }: World, client = 'partner'): Promise<TokenRecord[]> {
  return Array.fromAsync(registry.tokensOfClient(client));
}

export async function isLive(world: World, record: TokenRecord): Promise<boolean> {
  const ring = await world.registry.readKeyRing();
  const key = ring?.keys.find(({ kid }) => kid === record.kid);
  const client = await world.registry.getClient(record.client);
  return judgeRecord(record, client, key, world.clock.now() / 1000) === undefined;
}

export function claimsOf(token: string): TokenClaims {
  return parseClaims(parseCompact(token).payloadBytes);
}

/** Whether this call signs a token, and not a grant. */
export function signsToken(call: RegistryCall | KeyCall): boolean {
  return 'input' in call && isTokenInput(call.input);
}

export function isTokenInput(input: Uint8Array): boolean {
  const [header = ''] = Buffer.from(input).toString('latin1').split('.');
  return Buffer.from(header, 'base64url').toString().includes(`"typ":"${TOKEN_TYPE}"`);
}

/** An authorizer notes that the token is used now. */
export async function use({ registry, clock }: World, { jti, client, exp }: TokenRecord): Promise<void> {
  await registry.recordUse({ jti, client, usedAt: Math.floor(clock.now() / 1000), exp });
}
