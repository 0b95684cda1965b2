/** The roles of an environment, and all that each of them may do. */
import type { StoreUri } from '../../delivery/store-uri.ts';
import { deliverTo, putSeals } from './store-grants.ts';
import {
  describeKeys,
  fetchAllPublicKeys,
  fetchPublicKeys,
  lookUpSignatures,
  makeKeys,
  protectKeys,
  sign,
  signSeals,
} from './key-grants.ts';
import type { Grant, Place } from './policy.ts';
import {
  describeTable,
  readHeads,
  readRegistry,
  readStatus,
  setUpTable,
  trackUsage,
  writeItems,
} from './table-grants.ts';

export const ROLES = ['issuer', 'revoker', 'auditor', 'authorizer', 'sealer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface RoleOptions {
  /** Roles that may disable and delete keys all the same. */
  readonly breakGlassRoles: readonly string[];
  /** For authorizers: whether they record when a token was used. */
  readonly tracksUsage: boolean;
  /** For issuers: the stores that they deliver tokens to. For sealers: the parameters that they put seals into. */
  readonly stores: readonly StoreUri[];
  /** Tag that every key bears; its value is the alias base. */
  readonly keysTag: string;
}

/** The commands that a role is for: what the policy must allow, and nothing beyond. */
export const ROLE_COMMANDS: Readonly<Record<Role, string>> = {
  issuer: 'issue, rotate, activate, clients set, every command that only reads, doctor',
  revoker: 'revoke, clients suspend, resume and revoke, keys revoke, every command that only reads',
  auditor: 'every command that only reads, doctor --no-sign',
  authorizer: 'no command: for the function or gateway that decides about requests',
  sealer: 'audit seal',
  admin: 'init, keys, clients set, every command that only reads, doctor --no-sign',
};

export function grantsOf(
  role: Role,
  place: Place,
  { breakGlassRoles, tracksUsage, stores, keysTag }: RoleOptions,
): Grant[] {
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
      ...deliverTo(place, stores),
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
    auditor: () => [
      ...readRegistry(place),
      ...fetchAllPublicKeys(place),
      ...describeTable(place),
      ...describeKeys(place),
      ...lookUpSignatures(place),
    ],
    authorizer: () => [...readStatus(place), ...fetchPublicKeys(place), ...(tracksUsage ? trackUsage(place) : [])],
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
    sealer: () => [
      ...readHeads(place),
      ...writeItems(place, 'keeps seals; clients, tokens, events and key rings are out of its reach', ['SEALS']),
      ...signSeals(place),
      ...putSeals(place, stores),
    ],
  };
  return [...grants[role](), ...protectKeys(place, breakGlassRoles)];
}
