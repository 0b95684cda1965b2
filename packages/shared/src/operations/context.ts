/** Who acts and when, as transitions want to know it. */
import type { ChangeContext } from '../domain/change.ts';
import { sha256Hex } from '../jose/digest.ts';
import type { Clock } from '../ports/clock.ts';

/** The context of a change made now. */
export function changeContext(deps: { readonly clock: Clock; readonly actor: string }): ChangeContext {
  return { at: deps.clock.now(), actor: deps.actor, sha256: sha256Hex };
}
