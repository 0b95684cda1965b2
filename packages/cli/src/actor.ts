/** Who acts on this machine, for the audit log: `user@host`. */
import { hostname, userInfo } from 'node:os';
import type { Io } from './io.ts';
import { variable } from './config/locate.ts';

export function localActor(env: Io['env']): string {
  return `${userName(env)}@${hostname()}`.replaceAll(/[^\x21-\x7E]/g, '?');
}

/** In containers the user id often has no name. */
function userName(env: Io['env']): string {
  try {
    return userInfo().username;
  } catch {
    return variable(env, 'USER') ?? variable(env, 'LOGNAME') ?? `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
