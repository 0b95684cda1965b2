/** Makes an embedded environment usable: a registry and a key ring with one active key. */
import { ensureKeyRing, MAIN_RING, type OperationDeps, type RingKey, type SigningAlg } from '@apikey/shared';
import { ifSetUp, isEmbedded, openBackend } from './backends.ts';
import type { Settings } from './config/resolve.ts';
import { EMBEDDED_CAUTION } from './environment-words.ts';
import type { Io } from './io.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The algorithm of a first key for which no other is asked. */
export const FIRST_ALG: SigningAlg = 'ES256';

/** What is there already: nothing, a registry without keys (a set-up was interrupted), or all of it. */
export interface Present {
  readonly deps: OperationDeps | undefined;
  readonly hasRing: boolean;
}

/** Only an embedded environment is set up in passing. On AWS, what is missing is an error, which `apikey init` mends. */
export async function whatIsPresent(settings: Settings, io: Io): Promise<Present> {
  if (!isEmbedded(settings)) return { deps: await openBackend(settings, io, 'sign'), hasRing: true };
  const deps = await ifSetUp(openBackend(settings, io, 'sign'));
  return { deps, hasRing: deps !== undefined && (await deps.registry.getRing(MAIN_RING)) !== undefined };
}

export interface SetUp {
  readonly deps: OperationDeps;
  readonly created: boolean;
  readonly activeKey: RingKey | undefined;
}

/** Makes what is missing. Of several processes at once, one makes the ring and the others use it. */
export async function setUp(settings: Settings, io: Io, present: Present, alg: SigningAlg): Promise<SetUp> {
  const deps = present.deps ?? (await openBackend(settings, io, 'create'));
  try {
    const { ring, created } = await ensureKeyRing(deps, alg);
    return { deps, created, activeKey: ring.keys.find(({ state }) => state === 'active') };
  } catch (error) {
    if (present.deps === undefined) await deps.registry.close();
    throw error;
  }
}

export function saySetUp(terminal: Terminal, settings: Settings, { created, activeKey }: SetUp): void {
  if (!created) return;
  terminal.say(
    [
      `Set up environment ${settings.env.value} with a first signing key (${activeKey?.alg ?? 'none'}) in ${places(settings)}`,
      `  ${terminal.aside.dim(`Embedded: ${EMBEDDED_CAUTION}.`)}`,
    ].join('\n'),
  );
}

export function places({ registry, keys }: Settings): string {
  return registry.place === keys.place ? registry.place : `${registry.place} and ${keys.place}`;
}
