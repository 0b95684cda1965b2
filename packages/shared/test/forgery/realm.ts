/** An environment on a real backend whose history is honest, and trials of commands after it was tampered with. */
import { isDeepStrictEqual } from 'node:util';
import { ApikeyError } from '../../src/domain/index.ts';
import { parseClaims } from '../../src/jose/claims.ts';
import { parseCompact } from '../../src/jose/compact.ts';
import { ensureKeyRing, issueToken, type OperationDeps } from '../../src/operations/index.ts';
import type { KeyProvider, Registry } from '../../src/ports/index.ts';
import { fixedClock, instantDelay, seededEntropy } from '../../src/testing/index.ts';
import { isWithin, type Command } from './commands.ts';
import type { Forgery } from './edits.ts';
import { DAY, foreignHistory, grantsOf, makeHistory, membersOf, type Power, type SignedGrant } from './history.ts';
import { ownSigner, providerSigner, type Kit, type Signer } from './kit.ts';
import { KINDS, text, type RawRegistry, type Stored } from './raw-registry.ts';

export interface Backend {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly raw: RawRegistry;
  /** Keys of another environment, and those for seals. */
  readonly foreignKeys: KeyProvider;
  readonly sealKeys: KeyProvider;
  /** Disables a key; what is given back signs with it all the same, as a thief of it would. */
  readonly disable: (ref: string) => Promise<Signer['sign']>;
}

export interface Realm {
  readonly kit: Kit;
  readonly raw: RawRegistry;
  readonly honest: Stored;
  readonly granted: ReadonlyMap<string, SignedGrant>;
}

export async function newRealm(backend: Backend, random: () => number): Promise<Realm> {
  const { registry, keys, raw, foreignKeys, sealKeys } = backend;
  const clock = fixedClock();
  const deps: OperationDeps = {
    registry,
    keys,
    clock,
    delay: instantDelay(clock),
    entropy: seededEntropy('forgery'),
    actor: 'admin@host',
    environment: {
      name: 'prod',
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      defaultTtl: 90 * DAY,
      maxTtl: 366 * DAY,
    },
  };
  await ensureKeyRing(deps, 'ES256');
  const history = await makeHistory(deps, clock);
  const honest = await raw.read();
  const otherKeys = await foreignHistory(deps, {}, foreignKeys);
  const seal = await ensureKeyRing({ ...deps, registry: otherKeys.registry, keys: sealKeys }, 'ES256', 'seal');
  const signer = (provider: KeyProvider, { kid = '', ref = '' }: { kid?: string; ref?: string } = {}): Signer =>
    providerSigner({ keys: provider }, kid, ref);
  const keyOf = (kid: string): { kid: string; ref: string } => {
    const ring = honest.ring[0]?.['keys'];
    const key = membersOf(Array.isArray(ring) ? ring.find((it) => membersOf(it)['kid'] === kid) : undefined);
    return { kid, ref: text(key['ref']) };
  };
  const disabled = keyOf(history.kids.disabled);
  const [foreignKey] = (await otherKeys.registry.readKeyRing())?.keys ?? [];
  const kit: Kit = {
    deps,
    history,
    random,
    foreign: {
      sameKeys: await storedOf((await foreignHistory(deps, { name: 'test' })).registry),
      otherIssuer: await storedOf((await foreignHistory(deps, { issuer: 'https://other.example' })).registry),
      otherKeys: await storedOf(otherKeys.registry),
    },
    signers: {
      own: ownSigner(),
      foreign: signer(foreignKeys, foreignKey),
      seal: signer(sealKeys, seal.ring.keys[0]),
      revoked: signer(keys, keyOf(history.kids.revoked)),
      disabled: { ...disabled, sign: await backend.disable(disabled.ref) },
    },
  };
  return { kit, raw, honest, granted: grantsOf(honest) };
}

async function storedOf(registry: Registry): Promise<Stored> {
  const client = await registry.getClient('partner');
  const stored = {
    client: client === undefined ? [] : [client],
    ring: [await registry.readKeyRing()],
    token: await Array.fromAsync(registry.tokensOfClient('partner')),
    request: [...(await registry.getRequests(['CHG-77', 'CHG-79'])).values()],
    event: await Array.fromAsync(registry.eventsByTime(0, 253_402_300_800_000)),
  };
  return structuredClone(stored) as unknown as Stored;
}

export interface Verdict {
  /** The registry was another than the honest one. */
  readonly forged: boolean;
  /** Tokens that were made. */
  readonly tokens: number;
  /** What must not be: tokens beyond any command and grant, and what else gives too much. */
  readonly excesses: readonly string[];
  readonly error: unknown;
}

/** Puts the honest registry back, has it tampered with, and runs one command. */
export async function tryForgery(realm: Realm, forgery: Forgery | undefined, command: Command): Promise<Verdict> {
  const { kit, raw, honest } = realm;
  const granted = new Map(realm.granted);
  const stored = structuredClone(honest);
  await forgery?.forge(stored, kit);
  const forged = forgery?.onTop !== undefined || KINDS.some((kind) => !isDeepStrictEqual(stored[kind], honest[kind]));
  await raw.write(stored);
  if (forgery?.onTop !== undefined) {
    const claims = await honestCommit(kit.deps);
    if (claims !== undefined) granted.set(claims.jti, claims);
    const after = await raw.read();
    await forgery.onTop(after, kit);
    await raw.write(after);
  }
  const excesses: string[] = [];
  let tokens = 0;
  const delivered = (token: string, limit: Power | undefined): void => {
    tokens += 1;
    const power = powerOf(token);
    const now = Math.floor(kit.deps.clock.now() / 1_000);
    if (limit === undefined || !isWithin(power, limit))
      excesses.push(`${JSON.stringify(power)} where ${JSON.stringify(limit)} was given`);
    else if (power.iat > now || power.exp > now + limit.lifetime)
      excesses.push('a token that lives longer from now on');
  };
  const trial = {
    deps: kit.deps,
    history: kit.history,
    granted,
    revokedKids: endedKids(kit, stored),
    delivered,
    excess: (what: string): void => void excesses.push(what),
  };
  const error = await command.run(trial).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { forged, tokens, excesses, error };
}

/** A token that the admins want for another reason. */
async function honestCommit({ registry, ...deps }: OperationDeps): Promise<SignedGrant | undefined> {
  try {
    const request = { client: 'partner', scopes: ['plans:read'], audience: [], ttl: DAY };
    const sink = { check: async () => {}, deliver: async () => {} };
    const { record } = await issueToken({ registry, ...deps }, request, sink);
    return { ...record, lifetime: record.exp - record.iat };
  } catch (error) {
    if (error instanceof ApikeyError) return undefined;
    throw error;
  }
}

function powerOf(token: string): Power & { readonly iat: number; readonly exp: number } {
  const { client_id, sub, scope, aud, iat, exp } = parseClaims(parseCompact(token).payloadBytes);
  const scopes = scope === undefined ? [] : scope.split(' ');
  return { client: client_id === sub ? sub : '', scopes, aud, iat, exp, lifetime: exp - iat };
}

/** To set a revoked key back is to undo an ending; no registry enables one that is disabled. */
function endedKids({ history: { kids } }: Kit, { ring }: Stored): ReadonlySet<string> {
  const keys = ring.find(({ name }) => name === 'main')?.['keys'];
  const states = new Map((Array.isArray(keys) ? keys : []).map((it) => [membersOf(it)['kid'], membersOf(it)['state']]));
  const isBack = states.has(kids.revoked) && states.get(kids.revoked) !== 'revoked';
  return new Set(isBack ? [kids.disabled] : [kids.revoked, kids.disabled]);
}
