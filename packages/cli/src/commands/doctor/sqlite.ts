/** Whether the registry file is sound, and for its owner alone. */
import { checkSqliteFile } from '../../backends/local-inspection.ts';
import type { Settings } from '../../config/resolve.ts';
import { attempted, finding, pass, type Check } from './check.ts';
import { checkModes } from './files.ts';

const FILES = ['registry.db', 'registry.db-wal', 'registry.db-shm'];
const SHOWN = 3;

export async function checkSqlite(settings: Settings): Promise<readonly Check[]> {
  const { place } = settings.registry;
  // First: to open the registry makes files beside it.
  const modes = (await checkModes('modes', place, FILES)).map((check) => withAllFiles(check, place));
  const integrity = await attempted('registry', async () => {
    const faults = await checkSqliteFile(settings);
    if (faults.length === 0) return [pass('registry', `${place}/registry.db is sound`)];
    const what = `${place}/registry.db is damaged`;
    const why = faults.slice(0, SHOWN).join('; ') + (faults.length > SHOWN ? '; ...' : '');
    return [finding('registry', what, why, 'stop what uses it, and restore it from a backup')];
  });
  return [...integrity, ...modes];
}

/** The files beside the registry come and go, with the mode that it has. */
function withAllFiles(check: Check, place: string): Check {
  const { fix } = check;
  const ofFile = fix?.includes(`${place}/registry.db`) === true;
  return ofFile ? { ...check, fix: `chmod 0600 ${place}/registry.db*` } : check;
}
