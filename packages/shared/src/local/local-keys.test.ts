import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supportsAlg } from '../jose/algorithms.ts';
import { exportJwk } from '../jose/jwk.ts';
import { verifySignature } from '../jose/verify.ts';
import { keyProviderContract } from '../testing/key-provider-contract.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../testing/temporary-directory.ts';
import { localKeyProvider } from './local-keys.ts';
import { localPublicKeys } from './public-keys.ts';

keyProviderContract('a key provider with key files', {
  optionalAlgs: (['ML-DSA-44', 'ML-DSA-65'] as const).filter((alg) => supportsAlg(alg)),
  create: async () => {
    const { path, remove } = temporaryDirectory();
    return {
      keys: localKeyProvider({ dataDir: path }),
      publicKeys: localPublicKeys({ dataDir: path }),
      unknownRef: `file:${'A'.repeat(43)}`,
      remove,
    };
  },
});

const INPUT = new TextEncoder().encode('header.payload');
const PASSPHRASE = 'correct horse battery stäple';

let parent: TemporaryDirectory;
let dataDir = '';

beforeEach(() => {
  parent = temporaryDirectory();
  dataDir = join(parent.path, 'data');
});
afterEach(() => parent.remove());

interface Made {
  readonly ref: string;
  readonly kid: string;
  readonly privatePath: string;
  readonly publicPath: string;
}

async function make(passphrase?: string): Promise<Made> {
  const keys = localKeyProvider({ dataDir, ...(passphrase === undefined ? {} : { passphrase }) });
  const { ref } = await keys.create('ES256');
  const kid = ref.slice('file:'.length);
  return {
    ref,
    kid,
    privatePath: join(dataDir, 'keys', `${kid}.jwk`),
    publicPath: join(dataDir, 'public', `${kid}.jwk`),
  };
}

/** What a new process meets when it signs. */
async function sign(ref: string, passphrase?: string | (() => Promise<string | undefined>)): Promise<Uint8Array> {
  const keys = localKeyProvider({ dataDir, ...(passphrase === undefined ? {} : { passphrase }) });
  return (await keys.sign(ref, 'ES256', INPUT)).signature;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('key files', () => {
  it('are readable by their owner alone, and leave nothing else behind', async () => {
    const { kid, privatePath, publicPath } = await make();
    expect(readdirSync(dataDir).toSorted()).toEqual(['keys', 'public']);
    expect(readdirSync(join(dataDir, 'keys'))).toEqual([`${kid}.jwk`]);
    expect(readdirSync(join(dataDir, 'public'))).toEqual([`${kid}.jwk`]);
    for (const path of [privatePath, publicPath]) expect(modeOf(path)).toBe('600');
    for (const path of ['.', 'keys', 'public']) expect(modeOf(join(dataDir, path))).toBe('700');
  });

  it('are plain JWKs without a passphrase, the public one without the private half', async () => {
    const { kid, privatePath, publicPath } = await make();
    const secret: unknown = JSON.parse(readFileSync(privatePath, 'utf8'));
    expect(secret).toEqual({
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      kid,
      x: expect.any(String),
      y: expect.any(String),
      d: expect.any(String),
    });
    const open: unknown = JSON.parse(readFileSync(publicPath, 'utf8'));
    expect(open).toEqual({ kty: 'EC', crv: 'P-256', kid, x: expect.any(String), y: expect.any(String) });
  });

  it('let a verifier read public keys where there is no private key at all', async () => {
    const { ref } = await make();
    const signature = await sign(ref);
    rmSync(join(dataDir, 'keys'), { recursive: true });
    const publicKey = await localPublicKeys({ dataDir }).publicKey(ref);
    expect(verifySignature('ES256', publicKey, INPUT, signature)).toBe(true);
  });

  it('are not found under a ref that is not file:<kid>', async () => {
    const { kid, ref } = await make();
    const refs = [
      kid,
      `file:../keys/${kid}`,
      `file:${kid}.jwk`,
      `file:${kid}/`,
      `FILE:${kid}`,
      'file:',
      `${ref} `,
      'arn:aws:kms',
    ];
    const keys = localKeyProvider({ dataDir });
    const missing = { name: 'NotFoundError', code: 'KEY_NOT_FOUND' };
    for (const bad of refs) {
      await expect(keys.sign(bad, 'ES256', INPUT)).rejects.toMatchObject(missing);
      await expect(localPublicKeys({ dataDir }).publicKey(bad)).rejects.toMatchObject(missing);
    }
  });

  it('are renamed when disabled, so that every process stops signing, and sign again when named back', async () => {
    const { ref, privatePath } = await make();
    const running = localKeyProvider({ dataDir });
    await running.sign(ref, 'ES256', INPUT);
    await localKeyProvider({ dataDir }).disable(ref);
    expect(readdirSync(join(dataDir, 'keys'))).toEqual([`${ref.slice(5)}.jwk.disabled`]);
    await expect(running.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({
      name: 'InvalidStateError',
      code: 'WRONG_STATE',
    });
    writeFileSync(privatePath, readFileSync(`${privatePath}.disabled`), { mode: 0o600 });
    expect((await running.sign(ref, 'ES256', INPUT)).signature).toHaveLength(64);
  });

  it('are gone at once when deleted, but for the public half', async () => {
    const { ref, publicPath } = await make();
    const running = localKeyProvider({ dataDir });
    await running.sign(ref, 'ES256', INPUT);
    await localKeyProvider({ dataDir }).scheduleDeletion(ref);
    expect(readdirSync(join(dataDir, 'keys'))).toEqual([]);
    await expect(running.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'KEY_NOT_FOUND',
    });
    await running.scheduleDeletion(ref);
    expect(exportJwk(await running.publicKey(ref))).toBeDefined();
    expect(modeOf(publicPath)).toBe('600');
  });

  it('are refused when others may read the private half', async () => {
    const { ref, privatePath } = await make();
    for (const mode of [0o640, 0o604, 0o644, 0o660]) {
      chmodSync(privatePath, mode);
      await expect(sign(ref)).rejects.toMatchObject({
        name: 'InvalidStateError',
        code: 'KEY_PERMISSIONS',
        fix: expect.stringContaining(`chmod 600 ${privatePath}`),
      });
    }
    chmodSync(privatePath, 0o400);
    expect(await sign(ref)).toHaveLength(64);
  });

  it('are refused when a private one is not what its name says', async () => {
    const { ref, privatePath } = await make();
    const other = await make();
    const text = readFileSync(privatePath, 'utf8');
    const flipped = text.replace(/"d":"(.)/, (_, first: string) => `"d":"${first === 'A' ? 'B' : 'A'}`);
    const running = localKeyProvider({ dataDir });
    await running.sign(ref, 'ES256', INPUT);
    const contents = {
      empty: '',
      truncated: text.slice(0, -20),
      garbage: '\u0000\u0001 no key',
      'not an object': '"eyJ"',
      'another key': readFileSync(other.privatePath, 'utf8'),
      'the public half': readFileSync(join(dataDir, 'public', `${ref.slice(5)}.jwk`), 'utf8'),
      'a changed private half': flipped,
      'another algorithm': text.replace('ES256', 'HS256'),
      'much too long': text.padEnd(100_000),
    };
    for (const [what, content] of Object.entries(contents)) {
      writeFileSync(privatePath, content);
      const error = await failure(sign(ref));
      // A process that has read the sound file before does not go on with what it remembers.
      expect(await failure(running.sign(ref, 'ES256', INPUT))).toMatchObject({ code: 'KEY_DAMAGED' });
      expect({ what, error }).toMatchObject({ what, error: { name: 'InvalidStateError', code: 'KEY_DAMAGED' } });
    }
  });

  it('are refused when a public one is not what its name says', async () => {
    const { ref, publicPath } = await make();
    const other = await make();
    const text = readFileSync(publicPath, 'utf8');
    for (const content of ['', text.slice(0, -20), 'garbage', readFileSync(other.publicPath, 'utf8')]) {
      writeFileSync(publicPath, content);
      const error = await failure(localPublicKeys({ dataDir }).publicKey(ref));
      expect(error).toMatchObject({ name: 'InvalidStateError', code: 'KEY_DAMAGED' });
    }
  });

  it('are never quoted by an error', async () => {
    const { ref, privatePath } = await make();
    const text = readFileSync(privatePath, 'utf8');
    const d = /"d":"([^"]+)"/.exec(text)?.[1] ?? '';
    expect(d).toHaveLength(43);
    for (const content of [text.slice(0, -4), `x${text}`, text.replace('P-256', 'P-384'), `${d}${text}`]) {
      writeFileSync(privatePath, content);
      const error = await failure(sign(ref));
      expect(error).toMatchObject({ code: 'KEY_DAMAGED' });
      // With causes and stacks, as a debug log would show it.
      const shown = inspect(error, { depth: 10, showHidden: true });
      for (let at = 0; at + 6 <= d.length; at += 6) expect(shown).not.toContain(d.slice(at, at + 6));
    }
  });

  it('cannot be made where something else is in the way, and then leave nothing behind', async () => {
    writeFileSync(dataDir, 'a file');
    await expect(make()).rejects.toMatchObject({ name: 'InvalidStateError', code: 'STORE_FOREIGN' });
    expect(readFileSync(dataDir, 'utf8')).toBe('a file');
    rmSync(dataDir);
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'keys'), 'a file');
    await expect(make()).rejects.toMatchObject({ name: 'InvalidStateError', code: 'STORE_FOREIGN' });
    expect(readdirSync(dataDir).toSorted()).toEqual(['keys', 'public']);
  });
});

describe('key files with a passphrase', () => {
  it('are JWEs that only the passphrase opens', { timeout: 60_000 }, async () => {
    const { ref, privatePath, publicPath } = await make(PASSPHRASE);
    const text = readFileSync(privatePath, 'utf8').trim();
    expect(text.split('.')).toHaveLength(5);
    const header: unknown = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toMatchObject({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 600_000 });
    expect(modeOf(privatePath)).toBe('600');
    expect(readFileSync(publicPath, 'utf8')).toContain('"kty"');

    expect(await sign(ref, PASSPHRASE)).toHaveLength(64);
    expect(await sign(ref, async () => PASSPHRASE.normalize('NFD'))).toHaveLength(64);
    const refused = { name: 'AccessDeniedError', code: 'KEY_PASSPHRASE' };
    await expect(sign(ref)).rejects.toMatchObject(refused);
    await expect(sign(ref, async () => undefined)).rejects.toMatchObject(refused);
    await expect(sign(ref, '')).rejects.toMatchObject(refused);
    const wrong = await failure(sign(ref, 'wrong horse'));
    expect(wrong).toMatchObject(refused);
    expect(inspect(wrong, { depth: 10 })).not.toContain('wrong horse');
  });

  it('are damaged, not locked, when they were cut short', { timeout: 60_000 }, async () => {
    const { ref, privatePath } = await make(PASSPHRASE);
    const text = readFileSync(privatePath, 'utf8').trim();
    for (const length of [text.length - 1, text.lastIndexOf('.'), 200, 10]) {
      writeFileSync(privatePath, text.slice(0, length));
      const error = await failure(sign(ref, PASSPHRASE));
      expect(error).toMatchObject({ name: 'InvalidStateError', code: 'KEY_DAMAGED' });
    }
    const costly = Buffer.from(
      JSON.stringify({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2 ** 31, p2s: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    );
    writeFileSync(privatePath, [costly.toString('base64url'), ...text.split('.').slice(1)].join('.'));
    expect(await failure(sign(ref, PASSPHRASE))).toMatchObject({ code: 'KEY_DAMAGED' });
  });

  it('are asked for the passphrase once, and only when one is needed', { timeout: 60_000 }, async () => {
    const plain = await make();
    const locked = await make(PASSPHRASE);
    let asked = 0;
    const passphrase = async (): Promise<string> => {
      asked += 1;
      return PASSPHRASE;
    };
    const keys = localKeyProvider({ dataDir, passphrase });
    await keys.sign(plain.ref, 'ES256', INPUT);
    await keys.publicKey(locked.ref);
    expect(asked).toBe(0);
    await keys.sign(locked.ref, 'ES256', INPUT);
    await keys.sign(locked.ref, 'ES256', INPUT);
    expect(asked).toBe(1);
  });

  it('hold every kind of key', { timeout: 60_000 }, async () => {
    const keys = localKeyProvider({ dataDir, passphrase: PASSPHRASE });
    const { ref, publicKey } = await keys.create(supportsAlg('ML-DSA-44') ? 'ML-DSA-44' : 'EdDSA');
    const alg = publicKey.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'ML-DSA-44';
    const { signature } = await localKeyProvider({ dataDir, passphrase: PASSPHRASE }).sign(ref, alg, INPUT);
    expect(verifySignature(alg, publicKey, INPUT, signature)).toBe(true);
  });
});

it('a plain key file can be used by any other program that reads JWKs', async () => {
  const { privatePath } = await make();
  const jwk = JSON.parse(readFileSync(privatePath, 'utf8'));
  expect(createPrivateKey({ key: jwk, format: 'jwk' }).asymmetricKeyType).toBe('ec');
});

function modeOf(path: string): string {
  return (statSync(path).mode % 0o1000).toString(8);
}
