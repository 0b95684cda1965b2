import { describe, expect, it } from 'vitest';
import { MAIN_RING, SEAL_RING, type KeyRing } from '../domain/records.ts';
import { sealPayload } from '../domain/seal-payload.ts';
import { encodeBase64url } from '../jose/base64url.ts';
import { MAX_SEAL_LENGTH, parseCompact, SEAL_TYPE } from '../jose/compact.ts';
import { encodeHeader, signingInput } from '../jose/token.ts';
import { AccessDeniedError } from '../ports/errors.ts';
import { memorySeals } from '../testing/memory-seals.ts';
import { signToken } from './compose.ts';
import { issueToken } from './issue.ts';
import { ensureKeyRing } from './key-ring.ts';
import { activateKey, createKey, retireKey, revokeKey } from './keys.ts';
import { readOwnToken } from './own-token.ts';
import { planSeal, sealRegistry, type SealDeps } from './seal.ts';
import { verifySeal, type SealVerdict } from './verify-seal.ts';
import { newWorld, partner, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

interface Sealed extends World {
  readonly sealDeps: SealDeps;
}

async function sealedWorld(): Promise<Sealed> {
  const world = await newWorld();
  await issueToken(world.deps, partner, world.sink);
  await issueToken(world.deps, { ...partner, client: 'another' }, world.sink);
  return { ...world, sealDeps: { ...world.deps, seals: memorySeals() } };
}

const ringOf = async ({ registry }: World, name: string): Promise<KeyRing> =>
  (await registry.getRing(name)) ?? expect.fail(`no ring ${name}`);
const verify = ({ deps }: World, seal: string): Promise<SealVerdict> => verifySeal(deps, seal);

/** What the active key of a ring signs, whatever that is. */
async function signedBy(
  world: World,
  name: string,
  typ: 'at+jwt' | typeof SEAL_TYPE = SEAL_TYPE,
  payload: object = sealPayload(world.deps.environment, world.clock.now(), []),
): Promise<string> {
  const key = (await ringOf(world, name)).keys.find(({ state }) => state !== 'retired') ?? expect.fail('no key');
  const input = signingInput(encodeHeader('ES256', key.kid, typ), Buffer.from(JSON.stringify(payload)));
  return (await signToken(world.keys, { ...key, alg: 'ES256' }, { input })).token;
}

describe('a seal', () => {
  it('states where every chain stands, its own ring included, and is kept', async () => {
    const world = await sealedWorld();
    const { seal, kid, payload, madeRing } = await sealRegistry(world.sealDeps);
    const main = await ringOf(world, MAIN_RING);
    const own = await ringOf(world, SEAL_RING);
    const client = await world.registry.getClient('partner');
    expect(madeRing).toBe(true);
    expect(own.keys).toMatchObject([{ kid, alg: 'ES256', state: 'active' }]);
    expect(payload).toMatchObject({ iss: 'https://apikey.localhost', env: 'local', at: expect.stringMatching(/Z$/) });
    expect(payload.chains.map(({ aggregate }) => aggregate)).toEqual([
      'ring:main',
      'ring:seal',
      'client:another',
      'client:partner',
    ]);
    expect(payload.chains).toEqual(
      expect.arrayContaining([
        { aggregate: 'ring:main', seq: main.eventSeq, hash: main.eventHash },
        { aggregate: 'ring:seal', seq: own.eventSeq, hash: own.eventHash },
        { aggregate: 'client:partner', seq: client?.eventSeq, hash: client?.eventHash },
      ]),
    );
    expect(parseCompact(seal).header).toEqual({ alg: 'ES256', typ: 'audit-seal+jwt', kid });
    expect(await world.sealDeps.seals.latest()).toBe(seal);
    expect(await verify(world, seal)).toEqual({ trusted: true, kid, statement: payload });
  });

  it('uses the same ring again, and tells what it would do without doing it', async () => {
    const world = await sealedWorld();
    expect(await planSeal(world.deps)).toEqual({ kid: undefined, chains: 4 });
    expect(await world.registry.getRing(SEAL_RING)).toBeUndefined();
    const { kid } = await sealRegistry(world.sealDeps);
    expect(await planSeal(world.deps)).toEqual({ kid, chains: 4 });
    expect(await sealRegistry(world.sealDeps)).toMatchObject({ kid, madeRing: false });
  });

  it('needs an environment that is set up, and somebody who may make the first key', async () => {
    const world = await sealedWorld();
    const bare = { ...world.sealDeps, registry: { ...world.registry, getRing: async () => undefined } };
    await expect(sealRegistry(bare)).rejects.toThrow(code('RING_NOT_FOUND'));
    world.meet((call) => {
      if (call.method === 'create') throw new AccessDeniedError('ACCESS_DENIED', 'no');
    });
    await expect(sealRegistry(world.sealDeps)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      fix: expect.stringContaining('apikey keys create --ring seal'),
    });
  });

  it('is neither kept nor given where its signature does not hold', async () => {
    const world = await sealedWorld();
    const keys = { ...world.sealDeps.keys, publicKey: world.keys.publicKey.bind(world.keys) };
    await ensureKeyRing(world.deps, 'ES256', SEAL_RING);
    const broken = { ...keys, sign: async () => ({ signature: new Uint8Array(64) }) };
    await expect(sealRegistry({ ...world.sealDeps, keys: broken })).rejects.toThrow(code('KEY_DAMAGED'));
    expect(await world.sealDeps.seals.latest()).toBeUndefined();
  });

  it('is not signed where it would be too long for its destination, to the character', async () => {
    const world = await sealedWorld();
    const { seal } = await sealRegistry(world.sealDeps);
    await expect(sealRegistry(world.sealDeps, { maxLength: seal.length - 1 })).rejects.toThrow(code('SEAL_TOO_LARGE'));
    await expect(sealRegistry(world.sealDeps, { maxLength: seal.length })).resolves.toMatchObject({ madeRing: false });
  });

  it('is never made with a key that cannot sign a digest', async () => {
    const world = await sealedWorld();
    await expect(ensureKeyRing(world.deps, 'EdDSA', SEAL_RING)).rejects.toThrow(code('INVALID_ALG'));
    await sealRegistry(world.sealDeps);
    await expect(createKey(world.deps, 'EdDSA', SEAL_RING)).rejects.toThrow(code('INVALID_ALG'));
    await expect(createKey(world.deps, 'ES384', SEAL_RING)).resolves.toMatchObject({ ring: { name: 'seal' } });
  });
});

describe('the keys of seals', () => {
  it('are rotated and retired as others are, tokens or not, and what a retired one sealed is still good', async () => {
    const world = await sealedWorld();
    const { seal, kid } = await sealRegistry(world.sealDeps);
    const next = await createKey(world.deps, 'ES256', SEAL_RING);
    await activateKey(world.deps, next.key.kid, { now: true }, SEAL_RING);
    world.clock.advance(600_000);
    expect(await retireKey(world.deps, kid, SEAL_RING)).toMatchObject({ key: { state: 'retired' } });
    expect(await sealRegistry(world.sealDeps)).toMatchObject({ kid: next.key.kid });
    expect(await verify(world, seal)).toMatchObject({ trusted: true, kid });
    expect((await ringOf(world, MAIN_RING)).version).toBe(1);
  });

  it('end when they are revoked: their seals prove nothing, and the next needs another key', async () => {
    const world = await sealedWorld();
    const { seal, kid } = await sealRegistry(world.sealDeps);
    await revokeKey(world.deps, kid, 'laptop lost', SEAL_RING);
    expect(await verify(world, seal)).toMatchObject({
      trusted: false,
      what: 'the seal is signed by a key that was revoked',
      why: expect.stringContaining(kid),
    });
    await expect(sealRegistry(world.sealDeps)).rejects.toMatchObject({
      code: 'NO_ACTIVE_KEY',
      fix: expect.stringContaining('--ring seal'),
    });
  });

  it('are told apart from those of tokens: neither ring finds the keys of the other', async () => {
    const world = await sealedWorld();
    const { kid } = await sealRegistry(world.sealDeps);
    const [main] = (await ringOf(world, MAIN_RING)).keys;
    await expect(revokeKey(world.deps, kid)).rejects.toThrow(code('KEY_NOT_FOUND'));
    await expect(revokeKey(world.deps, main?.kid ?? '', undefined, SEAL_RING)).rejects.toThrow(code('KEY_NOT_FOUND'));
  });
});

describe('what is no seal of this environment', () => {
  it('is refused: nothing, a token, a part of a seal, one that was edited', async () => {
    const world = await sealedWorld();
    const { seal } = await sealRegistry(world.sealDeps);
    const [header = '', payload = '', signature = ''] = seal.split('.');
    const other = JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), chains: [] });
    for (const text of ['', ' \n']) await expect(verify(world, text)).rejects.toThrow(code('INVALID_INPUT'));
    const refused = {
      'a token': world.sink.tokens[0] ?? '',
      'its first half': seal.slice(0, seal.length / 2),
      'its last characters missing': seal.slice(0, -8),
      'two of them': `${seal}\n${seal}`,
      'other text': 'not a seal',
      'an edited payload': `${header}.${encodeBase64url(Buffer.from(other))}.${signature}`,
      'a signature of something else': `${header}.${payload}.${encodeBase64url(new Uint8Array(64))}`,
      'too long': 'a'.repeat(MAX_SEAL_LENGTH + 1),
      'a payload of another form': await signedBy(world, SEAL_RING, SEAL_TYPE, { hello: 'world' }),
      'a chain twice': await signedBy(world, SEAL_RING, SEAL_TYPE, {
        ...sealPayload(world.deps.environment, 0, [
          { aggregate: 'ring:main', seq: 1, hash: '0'.repeat(64) },
          { aggregate: 'ring:main', seq: 2, hash: '0'.repeat(64) },
        ]),
      }),
    };
    const codes = await Promise.all(
      Object.values(refused).map((text) => verify(world, text).then(String, (error: { code: string }) => error.code)),
    );
    expect(Object.keys(refused).filter((_, n) => codes[n] !== 'SEAL_INVALID')).toEqual([]);
  });

  it('is foreign where it names another issuer or another environment', async () => {
    const world = await sealedWorld();
    await sealRegistry(world.sealDeps);
    const { environment, keys, registry } = world.deps;
    for (const other of [{ issuer: 'https://other.example' }, { name: 'staging' }]) {
      const payload = sealPayload({ ...environment, ...other }, 0, []);
      const seal = await signedBy(world, SEAL_RING, SEAL_TYPE, payload);
      await expect(verify(world, seal)).rejects.toThrow(code('SEAL_FOREIGN'));
      await expect(
        verifySeal({ keys, registry, environment: { ...environment, ...other } }, seal),
      ).resolves.toMatchObject({ trusted: true });
    }
  });

  it('is a finding where a key signed it that must not, or the key ring is not what it was', async () => {
    const world = await sealedWorld();
    const { seal } = await sealRegistry(world.sealDeps);
    expect(await verify(world, await signedBy(world, MAIN_RING))).toMatchObject({
      trusted: false,
      why: expect.stringContaining('signs tokens'),
    });
    const { environment, keys } = world.deps;
    const main = await ringOf(world, MAIN_RING);
    const without = { getRing: async (name: string) => (name === MAIN_RING ? main : undefined) };
    expect(await verifySeal({ environment, keys, registry: without }, seal)).toMatchObject({
      trusted: false,
      why: expect.stringContaining('it was removed since, or the seal is forged'),
    });
    const stranger = await sealedWorld();
    await sealRegistry(stranger.sealDeps);
    expect(await verify(stranger, seal)).toMatchObject({
      trusted: false,
      why: expect.stringContaining('it was taken out since, or the seal is forged'),
    });
  });
});

describe('a seal in place of a token', () => {
  it('is no token of this environment, by its type and by its key', async () => {
    const world = await sealedWorld();
    const { seal } = await sealRegistry(world.sealDeps);
    const claims = JSON.parse(Buffer.from(world.sink.tokens[0]?.split('.')[1] ?? '', 'base64url').toString());
    const deps = { registry: world.registry, keys: world.keys };
    await expect(readOwnToken(deps, world.sink.tokens[0] ?? '')).resolves.toMatchObject({ claims: { sub: 'partner' } });
    for (const text of [
      seal,
      await signedBy(world, SEAL_RING, 'at+jwt', claims),
      await signedBy(world, MAIN_RING, SEAL_TYPE, claims),
    ]) {
      await expect(readOwnToken(deps, text)).rejects.toThrow(code('INVALID_INPUT'));
    }
  });
});
