/** A lock between processes, as a directory that only one of them can make. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLISECONDS = 200;

/** Runs `work` while holding the lock at `path`; waits for another holder, but not for one that died. */
export async function withLock<T>(path: string, timeoutMilliseconds: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMilliseconds;
  while (!take(path)) {
    if (Date.now() > deadline) throw new Error(`another process has held ${path} for too long`);
    await sleep(POLL_MILLISECONDS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function take(path: string): boolean {
  try {
    mkdirSync(path);
  } catch {
    breakIfStale(path);
    return false;
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  return true;
}

/**
 * Removes the lock of a holder that died. Only who holds a second lock, named after the dead one, may do so, and looks
 * again first: otherwise two that found the same corpse could remove each other's fresh locks.
 */
function breakIfStale(path: string): void {
  const pid = holderOf(path);
  if (pid === undefined || isAlive(pid)) return;
  const breaking = `${path}.${pid}`;
  try {
    mkdirSync(breaking);
  } catch {
    return;
  }
  if (holderOf(path) === pid) rmSync(path, { recursive: true, force: true });
  rmSync(breaking, { recursive: true, force: true });
}

/** Absent also for the instant in which a holder has made the directory and not yet written its id. */
function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
