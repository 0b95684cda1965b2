/** The roles of an environment, and all that each of them may do. */
import { describeKeys, fetchPublicKeys, makeKeys, protectKeys, sign } from './key-grants.ts';
import type { Grant, Place } from './policy.ts';
import { describeTable, readRegistry, readStatus, setUpTable, trackUsage, writeItems } from './table-grants.ts';

export const ROLES = ['issuer', 'revoker', 'auditor', 'authorizer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface RoleOptions {
  /** Roles that may disable and delete keys all the same. */
  readonly breakGlassRoles: readonly string[];
  /** For authorizers: whether they note when a token was used. */
  readonly usage: boolean;
  /** Tag that every key bears; its value is the alias base. */
  readonly keysTag: string;
}

/** The commands that a role is for: what the policy must allow, and nothing beyond. */
export const ROLE_COMMANDS: Readonly<Record<Role, string>> = {
  issuer: 'issue, rotate, activate, clients set, every command that only reads, doctor',
  revoker: 'revoke, clients suspend, resume and revoke, keys revoke, every command that only reads',
  auditor: 'every command that only reads, doctor --no-sign',
  authorizer: 'no command: for the function or gateway that decides about requests',
  admin: 'init, keys, clients set, every command that only reads, doctor --no-sign',
};

export function grantsOf(role: Role, place: Place, { breakGlassRoles, usage, keysTag }: RoleOptions): Grant[] {
  const grants: Readonly<Record<Role, () => Grant[]>> = {
    issuer: () => [
      ...readRegistry(place),
      ...writeItems(place, 'records tokens with their clients and events; the key ring is out of its reach', [
        'CLIENT',
        'JTI',
        'REQUEST',
        'EVENTS#CLIENT',
        'BUCKETS',
      ]),
      ...sign(place),
      ...fetchPublicKeys(place),
      ...describeTable(place),
      ...describeKeys(place),
    ],
    revoker: () => [
      ...readRegistry(place),
      ...writeItems(place, 'ends tokens, clients and keys in the registry; without kms:Sign it can make none', [
        'CLIENT',
        'RING',
        'EVENTS#CLIENT',
        'EVENTS#RING',
        'BUCKETS',
      ]),
      ...fetchPublicKeys(place),
    ],
    auditor: () => [...readRegistry(place), ...fetchPublicKeys(place), ...describeTable(place), ...describeKeys(place)],
    authorizer: () => [...readStatus(place), ...fetchPublicKeys(place), ...(usage ? trackUsage(place) : [])],
    admin: () => [
      ...readRegistry(place),
      ...writeItems(place, 'changes the key ring and the limits of clients', [
        'CLIENT',
        'RING',
        'EVENTS#CLIENT',
        'EVENTS#RING',
        'BUCKETS',
      ]),
      ...setUpTable(place),
      ...describeTable(place),
      ...makeKeys(place, keysTag),
    ],
  };
  return [...grants[role](), ...protectKeys(place, breakGlassRoles)];
}
