/** Tokens as the command line issues them, with the registry in memory that knows them: what verifiers are measured on. */
import { ensureKeyRing, issueToken, type KeyProvider, type Registry, type SigningAlg } from '@apikey/shared';
import { arraySink, memoryKeys, memoryRegistry } from '@apikey/shared/testing';
import type { KeyObject } from 'node:crypto';
import { acting } from '../harness/acting.ts';

const SCOPES: readonly string[] = ['plans:read', 'plans:write'];

export interface Issued {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  /** The one key that signed all of the tokens. */
  readonly publicKey: KeyObject;
  readonly kid: string;
  readonly tokens: readonly string[];
}

/** Issues `count` tokens of one key to ten clients. */
export async function issueTokens(alg: SigningAlg, count: number): Promise<Issued> {
  const registry = memoryRegistry();
  const keys = memoryKeys();
  const deps = acting(registry, keys);
  const { ring } = await ensureKeyRing(deps, alg);
  const [key] = ring.keys;
  if (key === undefined) throw new Error('a new ring has a key');
  const sink = arraySink();
  for (let n = 0; n < count; n++) {
    const client = `partner-${n % 10}`;
    await issueToken(deps, { client, scopes: SCOPES, audience: [] }, sink);
  }
  return { registry, keys, publicKey: await keys.publicKey(key.ref), kid: key.kid, tokens: sink.tokens };
}
