/** Where the tests of many processes run: the built command on one backend, and what else looks at the same state. */
import { createAuthorizer, type Authorizer, type AuthorizerOptions } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { sha256Hex, verifyChain, type Client, type Registry } from '@apikey/shared';
import { openLocalRegistry } from '@apikey/shared/local';
import { expect } from 'vitest';
import { BuiltCli } from './built-cli.ts';

export interface LoadWorld extends Disposable {
  readonly cli: BuiltCli;
  openRegistry(): Promise<Registry>;
  readonly sources: () => Pick<AuthorizerOptions, 'status' | 'keys'>;
}

export type LoadBackend = () => Promise<LoadWorld>;

export const embedded: LoadBackend = async () => {
  const cli = new BuiltCli();
  const { dataDir } = cli;
  return {
    cli,
    openRegistry: async () => openLocalRegistry({ dataDir, create: false, readOnly: true }),
    sources: () => ({ status: localStatus({ dataDir }), keys: localKeys({ dataDir }) }),
    [Symbol.dispose]: () => cli[Symbol.dispose](),
  };
};

/** One that decides by nothing but fresh reads. */
export function authorizerOf({ sources }: LoadWorld): Authorizer {
  return createAuthorizer({
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
    maxStaleness: { tokens: 0, keys: 0 },
    ...sources(),
  });
}

/** Holds the client's record against its event chain; gives it back. */
export async function expectSound(registry: Registry): Promise<Client> {
  const ref = { kind: 'client', id: 'partner' } as const;
  const client = (await registry.getClient('partner')) ?? expect.fail('no client');
  expect(verifyChain(ref, await Array.fromAsync(registry.eventsOf(ref)), client, sha256Hex)).toBeUndefined();
  return client;
}

export function jtiOf(token: string): string {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return (claims as { jti: string }).jti;
}
