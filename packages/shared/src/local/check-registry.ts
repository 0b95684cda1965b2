/** Looks for damage in a registry file that reads and writes may not have met yet. */
import { InvalidStateError } from '../ports/errors.ts';
import { DEFAULT_TUNING, RegistryFile } from './registry-file.ts';

/** What SQLite's own check finds wrong, line by line; empty for a sound file. Throws what opening a registry throws. */
export function checkLocalRegistry(dataDir: string): string[] {
  const file = new RegistryFile({ dataDir, create: false, readOnly: true }, DEFAULT_TUNING);
  try {
    return file.use((connection) => connection.texts('PRAGMA quick_check')).filter((line) => line !== 'ok');
  } catch (error) {
    // Some damage keeps the check itself from going on.
    if (!(error instanceof InvalidStateError)) throw error;
    return [error.why ?? error.message];
  } finally {
    file.close();
  }
}
