/** Whether a configuration file that was found, and not named, may be obeyed: only you and root may have written it. */
import { lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidValueError } from '@apikey/shared';

export interface User {
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
}

const ROOT = 0;
const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Undefined where files have no owners, as on Windows. */
function currentUser(): User | undefined {
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** @throws InvalidValueError `CONFIG_UNTRUSTED` */
export function requireTrusted(path: string, user: User | undefined = currentUser()): void {
  const trouble = user === undefined ? undefined : findTrouble(path, user);
  if (trouble === undefined) return;
  throw new InvalidValueError(
    'CONFIG_UNTRUSTED',
    `the configuration file ${path} was found, but others may have written it`,
    {
      why: trouble,
      fix: `look at it, then name it: --config ${path}, or APIKEY_CONFIG; or let only yourself write it`,
    },
  );
}

/** Follows links: who owns one decides which file is read. */
function findTrouble(path: string, user: User): string | undefined {
  let file = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const stats = lstatSync(file);
    const directory = dirname(file);
    const trouble = directoryTrouble(directory, user) ?? fileTrouble(file, stats, user);
    if (trouble !== undefined || !stats.isSymbolicLink()) return trouble;
    file = resolve(directory, readlinkSync(file));
  }
  return 'it is behind too many symbolic links';
}

function fileTrouble(file: string, stats: Stats, user: User): string | undefined {
  if (!isOwn(stats, user)) return `${file} belongs to user ${stats.uid}`;
  // The mode of a link says nothing.
  return stats.isSymbolicLink() ? undefined : writerTrouble(file, stats, user);
}

/** Who can write a directory can put another file in its place; not in a sticky one, like /tmp. */
function directoryTrouble(directory: string, user: User): string | undefined {
  const stats = statSync(directory);
  if (!isOwn(stats, user)) return `its directory ${directory} belongs to user ${stats.uid}`;
  return (stats.mode & STICKY) === 0 ? writerTrouble(`its directory ${directory}`, stats, user) : undefined;
}

function isOwn({ uid }: Stats, user: User): boolean {
  return uid === user.uid || uid === ROOT;
}

function writerTrouble(what: string, { mode, gid }: Stats, user: User): string | undefined {
  const shown = (mode & 0o7777).toString(8).padStart(4, '0');
  if ((mode & OTHERS_WRITE) !== 0) return `anyone may write ${what} (mode ${shown})`;
  if ((mode & GROUP_WRITES) !== 0 && gid !== user.gid) return `group ${gid} may write ${what} (mode ${shown})`;
  return undefined;
}
