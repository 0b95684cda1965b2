/** What `doctor` asks of the embedded backend beside its ports. */
import type { Settings } from '../config/resolve.ts';

/** What SQLite finds wrong in the registry file; empty for a sound one. */
export async function checkSqliteFile({ registry }: Settings): Promise<string[]> {
  const { checkLocalRegistry } = await import('@apikey/shared/local');
  return checkLocalRegistry(registry.place);
}
