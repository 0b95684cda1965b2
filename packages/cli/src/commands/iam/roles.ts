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
  addItems,
  changeItems,
  describeTable,
  ENDING_ATTRIBUTES,
  ISSUING_ATTRIBUTES,
  readHeads,
  readRegistry,
  readStatus,
  setUpTable,
  trackUsage,
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
  revoker: 'revoke, clients suspend and revoke, keys revoke, every command that only reads',
  auditor: 'every command that only reads, doctor --no-sign',
  authorizer: 'no command: for the function or gateway that decides about requests',
  sealer: 'audit seal',
  admin: 'init, keys, clients resume, every command that only reads, doctor --no-sign',
};

export function grantsOf(
  role: Role,
  place: Place,
  { breakGlassRoles, tracksUsage, stores, keysTag }: RoleOptions,
): Grant[] {
  const grants: Readonly<Record<Role, () => Grant[]>> = {
    issuer: () => [
      ...readRegistry(place),
      ...addItems(place, 'records tokens with their clients and events; the key ring is out of its reach', [
        'CLIENT',
        'JTI',
        'REQUEST',
        'EVENTS#CLIENT',
        'BUCKETS',
      ]),
      ...changeItems(place, {
        sid: 'ChangeTokensAndClients',
        reason: 'activates, rotates and takes over tokens, and changes what `clients set` sets',
        kinds: ['CLIENT'],
        attributes: ISSUING_ATTRIBUTES,
      }),
      ...sign(place),
      ...fetchPublicKeys(place),
      ...describeTable(place),
      ...describeKeys(place),
      ...deliverTo(place, stores),
    ],
    revoker: () => [
      ...readRegistry(place),
      ...changeItems(place, {
        sid: 'EndTokensAndClients',
        reason: 'ends tokens and clients; what a token is good for it cannot change, nor add a record',
        kinds: ['CLIENT'],
        attributes: ENDING_ATTRIBUTES,
      }),
      ...changeItems(place, { sid: 'EndKeys', reason: 'ends signing keys', kinds: ['RING'], attributes: ['keys'] }),
      ...addItems(place, 'adds the events that say so', ['EVENTS#CLIENT', 'EVENTS#RING', 'BUCKETS']),
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
      ...addItems(place, 'makes key rings, and adds the events of keys and of clients that it resumes', [
        'RING',
        'EVENTS#CLIENT',
        'EVENTS#RING',
        'BUCKETS',
      ]),
      // One statement for both, since a policy may not be longer: neither kind has the attribute of the other.
      ...changeItems(place, {
        sid: 'ChangeKeysAndResumeClients',
        reason: 'changes the key ring, and lets a suspended client work again',
        kinds: ['CLIENT', 'RING'],
        attributes: ['keys', 'state'],
      }),
      ...setUpTable(place),
      ...makeKeys(place, keysTag),
    ],
    sealer: () => [
      ...readHeads(place),
      ...addItems(place, 'keeps seals; clients, tokens, events and key rings are out of its reach', ['SEALS']),
      ...signSeals(place),
      ...putSeals(place, stores),
    ],
  };
  return [...grants[role](), ...protectKeys(place, breakGlassRoles)];
}
