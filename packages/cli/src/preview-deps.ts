/** What an operation that only plans works with, also where the environment is still to be set up. */
import type { OperationDeps, SigningAlg } from '@apikey/shared';
import { openKeys, operationDeps } from './backends.ts';
import { findActor } from './backends/caller.ts';
import type { Settings } from './config/resolve.ts';
import type { Io } from './io.ts';
import { previewRegistry } from './preview-registry.ts';
import { FIRST_ALG, type Present } from './set-up.ts';

/** What there is; for an environment that is still to be set up, what there would be. @param alg of the first key */
export async function previewDeps(
  alg: SigningAlg | undefined,
  settings: Settings,
  { deps, hasRing }: Present,
  io: Io,
): Promise<OperationDeps> {
  if (deps !== undefined && hasRing) return deps;
  const registry = previewRegistry(deps?.registry, alg ?? FIRST_ALG, Math.floor(io.clock.now() / 1000));
  const keys = deps?.keys ?? (await openKeys(settings, io));
  const actor = deps?.actor ?? (await findActor(settings, io, true));
  return operationDeps(settings, io, { registry, keys, actor });
}
