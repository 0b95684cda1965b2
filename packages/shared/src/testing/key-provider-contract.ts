/** What every key provider must do, whatever holds its keys: the port's promises as tests. */
import { compactVerify } from 'jose';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHMS, isSigningAlg, listAlgs, type SigningAlg } from '../jose/algorithms.ts';
import { exportJwk } from '../jose/jwk.ts';
import { keySuits } from '../jose/suitability.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import type { KeyProvider, PublicKeySource } from '../ports/key-provider.ts';

export interface KeyProviderStore {
  readonly keys: KeyProvider;
  /** A verifier's side of the same keys. */
  readonly publicKeys: PublicKeySource;
  /** Well formed, and the name of no key. */
  readonly unknownRef: string;
  remove(): Promise<void>;
}

export interface KeyProviderContractOptions {
  readonly create: () => Promise<KeyProviderStore>;
  /** Which of the algorithms that not everything has (ML-DSA) it offers; all others are a must. */
  readonly optionalAlgs: readonly SigningAlg[];
}

const REQUIRED: readonly SigningAlg[] = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'];
const OPTIONAL: readonly SigningAlg[] = listAlgs()
  .filter((alg) => isSigningAlg(alg))
  .filter((alg) => !REQUIRED.includes(alg));
const INPUT = new TextEncoder().encode('header.payload');
/** Several, since an ECDSA value that begins with zeros is shorter in DER. */
const SIGNATURES = 4;
/** Making an RSA key takes a second or more on a small machine. */
const SLOW = 60_000;

/** Registers the suite. */
export function keyProviderContract(name: string, { create, optionalAlgs }: KeyProviderContractOptions): void {
  describe(`${name} keeps the contract of a key provider`, () => {
    let made: KeyProviderStore | undefined;
    const store = (): KeyProviderStore => {
      if (made === undefined) throw new TypeError('the store was not made');
      return made;
    };
    beforeAll(async () => {
      made = await create();
    });
    afterAll(async () => made?.remove());

    it.each(REQUIRED)(
      'makes a key for %s and signs with it what jose accepts',
      async (alg) => {
        expect(await signaturesThatJoseAccepts(store(), alg)).toBe(SIGNATURES);
      },
      SLOW,
    );

    it(
      'makes and uses keys of every other algorithm that it offers, and refuses the rest by name',
      async () => {
        for (const alg of OPTIONAL) {
          if (optionalAlgs.includes(alg)) expect(await signaturesThatJoseAccepts(store(), alg)).toBe(SIGNATURES);
          else await expect(store().keys.create(alg)).rejects.toMatchObject({ code: 'INVALID_ALG' });
        }
        expect(OPTIONAL).toEqual(expect.arrayContaining([...optionalAlgs]));
      },
      SLOW,
    );

    it('makes another key each time', async () => {
      const { keys } = store();
      const [one, two] = await Promise.all([keys.create('ES256'), keys.create('ES256')]);
      expect(one.ref).not.toBe(two.ref);
      expect(thumbprint(one.publicKey)).not.toBe(thumbprint(two.publicKey));
    });

    it('signs for many callers at once, each with the key that was named', async () => {
      const { keys } = store();
      const pair = await Promise.all([keys.create('ES256'), keys.create('EdDSA')]);
      const jobs = Array.from({ length: 12 }, (_, n) => ({
        alg: n % 2 === 0 ? ('ES256' as const) : ('EdDSA' as const),
        key: pair[n % 2],
        input: new TextEncoder().encode(`header.payload-${n}`),
      }));
      const valid = await Promise.all(
        jobs.map(async ({ alg, key, input }) => {
          if (key === undefined) return false;
          const { signature } = await keys.sign(key.ref, alg, input);
          return verifySignature(alg, key.publicKey, input, signature);
        }),
      );
      expect(valid).toEqual(jobs.map(() => true));
    });

    it('does not know a key that it did not make', async () => {
      const { keys, publicKeys, unknownRef } = store();
      const refused = { name: 'NotFoundError', code: 'KEY_NOT_FOUND' };
      await expect(keys.publicKey(unknownRef)).rejects.toMatchObject(refused);
      await expect(publicKeys.publicKey(unknownRef)).rejects.toMatchObject(refused);
      await expect(keys.sign(unknownRef, 'ES256', INPUT)).rejects.toMatchObject(refused);
      await expect(keys.disable(unknownRef)).rejects.toMatchObject(refused);
      await expect(keys.scheduleDeletion(unknownRef)).rejects.toMatchObject(refused);
    });

    it('refuses to sign with another algorithm than the key is for', async () => {
      const { keys } = store();
      const { ref } = await keys.create('ES256');
      await expect(keys.sign(ref, 'ES384', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
      await expect(keys.sign(ref, 'RS256', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
    });

    it('signs nothing with a disabled key, and does not mind disabling it again', async () => {
      const { keys } = store();
      const { ref } = await keys.create('ES256');
      await keys.sign(ref, 'ES256', INPUT);
      await keys.disable(ref);
      await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
      await keys.disable(ref);
    });

    it('finds a public key by its thumbprint alone, and no key that it did not make', async () => {
      const { keys } = store();
      const [one, other] = await Promise.all([keys.create('ES256'), keys.create('ES256')]);
      for (const { publicKey } of [one, other]) {
        expect(exportJwk(await keys.publicKeyOf(thumbprint(publicKey)))).toEqual(exportJwk(publicKey));
      }
      const { publicKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      await expect(keys.publicKeyOf(thumbprint(foreign))).rejects.toMatchObject({ name: 'NotFoundError' });
      // The name of a key in KMS holds the first characters of its thumbprint.
      const alike = `${thumbprint(one.publicKey).slice(0, 12)}${thumbprint(foreign).slice(12)}`;
      await expect(keys.publicKeyOf(alike)).rejects.toMatchObject({
        name: expect.stringMatching(/^(?:NotFoundError|InvalidStateError)$/),
      });
    });

    it('finds no public key of one that is disabled or to be deleted', async () => {
      const { keys } = store();
      const [disabled, deleted] = await Promise.all([keys.create('ES256'), keys.create('ES256')]);
      await keys.disable(disabled.ref);
      await keys.scheduleDeletion(deleted.ref);
      for (const { publicKey } of [disabled, deleted]) {
        await expect(keys.publicKeyOf(thumbprint(publicKey))).rejects.toMatchObject({
          name: expect.stringMatching(/^(?:NotFoundError|InvalidStateError)$/),
        });
      }
    });

    it('signs nothing with a key that is to be deleted, disabled before or not', async () => {
      const { keys } = store();
      const [enabled, disabled] = await Promise.all([keys.create('ES256'), keys.create('ES256')]);
      await keys.disable(disabled.ref);
      for (const { ref } of [enabled, disabled]) {
        await keys.scheduleDeletion(ref);
        // Gone at once, or waiting for its end.
        await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({
          name: expect.stringMatching(/^(?:NotFoundError|InvalidStateError)$/),
        });
      }
    });

    it('refuses to read a public key for a caller that has given up', async () => {
      const { keys, publicKeys } = store();
      const { ref } = await keys.create('ES256');
      const signal = AbortSignal.abort(new Error('given up'));
      await expect(publicKeys.publicKey(ref, signal)).rejects.toBeInstanceOf(Error);
    });
  });
}

/** Makes a key, which must suit its algorithm and be read back the same on both sides, and signs with it. */
async function signaturesThatJoseAccepts({ keys, publicKeys }: KeyProviderStore, alg: SigningAlg): Promise<number> {
  const { ref, publicKey } = await keys.create(alg);
  expect(publicKey.type).toBe('public');
  expect(keySuits(alg, publicKey)).toBe(true);
  expect(exportJwk(await keys.publicKey(ref))).toEqual(exportJwk(publicKey));
  expect(exportJwk(await publicKeys.publicKey(ref))).toEqual(exportJwk(publicKey));

  let accepted = 0;
  for (let n = 0; n < SIGNATURES; n += 1) {
    const payload = Buffer.from(JSON.stringify({ n })).toString('base64url');
    const input = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${payload}`;
    const { signature } = await keys.sign(ref, alg, new TextEncoder().encode(input));
    expect(signature).toHaveLength(signatureLength(alg, publicKey));
    const token = `${input}.${Buffer.from(signature).toString('base64url')}`;
    const verified = await compactVerify(token, copyOf(publicKey), { algorithms: [alg] });
    if (Buffer.from(verified.payload).toString() === JSON.stringify({ n })) accepted += 1;
  }
  return accepted;
}

function signatureLength(alg: SigningAlg, publicKey: KeyObject): number {
  const { signatureBytes } = ALGORITHMS[alg];
  return signatureBytes === 'modulus' ? (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8 : signatureBytes;
}

/** The oracle gets the key in a form that none of our code has touched. */
function copyOf(publicKey: KeyObject): KeyObject {
  return createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
}
