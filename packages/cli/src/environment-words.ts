/** How commands speak of the environment that they work in. */
import type { Settings } from './config/resolve.ts';
import { isEmbedded } from './backends.ts';

/** What the embedded backend does not protect against, in one line. */
export const EMBEDDED_CAUTION =
  'registry and signing keys lie side by side: whoever can read or write there can make tokens';

export function environmentLine(settings: Settings): string {
  return isEmbedded(settings) ? `${settings.env.value} (embedded: both locks lie in one place)` : settings.env.value;
}

/** What to add to a suggested command so that it works in the same environment. */
export function sameEnvironment({ env }: Settings): string {
  return env.source.kind === 'flag' ? ` --env ${env.value}` : '';
}
