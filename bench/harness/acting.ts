/** What operations need here, with a clock that can be set. */
import type { KeyProvider, OperationDeps, Registry } from '@apikey/shared';
import { randomBytes, randomUUID } from 'node:crypto';

export const ISSUER = 'https://issuer.example.test';
export const AUDIENCE = 'https://api.example.test';
export const SCOPES: readonly string[] = ['plans:read'];
const DAY = 86_400;

/** Takes what is delivered to it, and forgets it. */
export const nowhere = { check: async () => undefined, deliver: async () => undefined };

export function acting(registry: Registry, keys: KeyProvider, now: () => number = () => Date.now()): OperationDeps {
  return {
    registry,
    keys,
    clock: { now },
    delay: { wait: async (milliseconds) => void (await new Promise((resolve) => setTimeout(resolve, milliseconds))) },
    entropy: { uuid: () => randomUUID(), bytes: (size) => randomBytes(size), fraction: () => Math.random() },
    actor: 'bench@host',
    environment: { name: 'bench', issuer: ISSUER, audience: AUDIENCE, defaultTtl: 90 * DAY, maxTtl: 365 * DAY },
  };
}
