/** Keeps two runs from appending to one file: a file beside it that holds the writer's process id. */
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { RefusedError } from '@apikey/shared';

/** What this process has locked itself: its id alone may be that of one before it, in a container above all. */
const held = new Set<string>();

/** Resolves to what gives the file free again. Throws `WRONG_STATE` while another process has it. */
export async function lock(path: string): Promise<() => Promise<void>> {
  const place = `${path}.lock`;
  const me = `${process.pid}@${hostname()}`;
  for (let tries = 0; ; tries += 1) {
    try {
      await writeFile(place, me, { flag: 'wx', mode: 0o600 });
      held.add(place);
      return async () => {
        held.delete(place);
        await unlink(place);
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await readFile(place, 'utf8').catch(() => '');
    // One that was killed cannot tidy up; of another machine's process nothing is known.
    if (tries > 0 || held.has(place) || !isGone(holder)) throw locked(path, place, holder);
    await unlink(place).catch(() => {});
  }
}

function isGone(holder: string): boolean {
  const [, pid, host] = /^(\d+)@(.*)$/.exec(holder) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function locked(path: string, place: string, holder: string): RefusedError {
  return new RefusedError('WRONG_STATE', `another run is writing to ${path}`, {
    why: `${place} says that it is process ${holder === '' ? 'unknown' : holder}`,
    fix: `wait for it; if it is not running any more, delete ${place}`,
  });
}
