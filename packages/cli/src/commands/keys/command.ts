/** `apikey keys`: its words and flags. */
import type { ArgumentDefinition, CommandGroup } from '../../command-line/definition.ts';
import {
  CLOCK_CHECKED_FLAG,
  CONFIRM_FLAG,
  DRY_RUN_FLAG,
  JSON_FLAG,
  LISTING_FLAGS,
  QUIET_FLAG,
  REASON_FLAG,
  YES_FLAG,
} from '../flags.ts';

const KID: ArgumentDefinition = {
  name: 'kid',
  help: 'id of the key; its first characters, at least 6, are enough',
};
const ALG_FLAG = { flags: '--alg <name>', help: 'signature algorithm of a new key (default: that of the active key)' };
const UNASKED_YES_FLAG = { ...YES_FLAG, help: 'accepted as elsewhere; nothing is asked' };
const RING_FLAG = {
  flags: '--ring <name>',
  help: 'main for the keys of tokens (default), seal for those of audit seal',
  value: ['main', 'seal'],
};
const CHANGE_FLAGS = [RING_FLAG, DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG];

export const keys: CommandGroup = {
  name: 'keys',
  group: 'Keys',
  summary: 'Manage the signing keys',
  commands: [
    {
      name: 'list',
      summary: 'List the signing keys, and what depends on each',
      more:
        'On a terminal, the first 12 characters of each kid are shown; they are enough to name it. In a pipe, each line holds, separated by tabs: kid, state, alg, createdAt, activatedAt, retiringAt, endedAt, ' +
        'liveTokens, otherTokens, activateFrom, retireFrom. A retiring key can be retired from retireFrom on, or as soon ' +
        'as no token depends on it.',
      flags: [RING_FLAG, ...LISTING_FLAGS, JSON_FLAG],
      examples: [{ does: 'the key ring', line: 'apikey keys list' }],
      load: () => import('./list.ts'),
    },
    {
      name: 'create',
      summary: 'Add a key that does not sign yet, so that verifiers learn it',
      flags: [ALG_FLAG, CLOCK_CHECKED_FLAG, ...CHANGE_FLAGS],
      examples: [
        { does: 'of the algorithm in use', line: 'apikey keys create' },
        { does: 'of another one', line: 'apikey keys create --alg EdDSA' },
      ],
      load: () => import('./create.ts'),
    },
    {
      name: 'activate',
      summary: 'Let a pending key sign from now on',
      more: 'The key that signed so far becomes retiring: it signs no more, and its tokens stay live.',
      arguments: [KID],
      flags: [
        { flags: '--now', help: 'although the key is younger than the 10 minutes that verifiers may need to learn it' },
        YES_FLAG,
        CLOCK_CHECKED_FLAG,
        ...CHANGE_FLAGS,
      ],
      examples: [{ does: 'by the first characters of its id', line: 'apikey keys activate Xk3v9a' }],
      load: () => import('./activate.ts'),
    },
    {
      name: 'rotate',
      summary: 'Take the next safe step towards a new signing key',
      more:
        'Without a pending key it creates one; one that has been pending for 10 minutes it activates; else it says how long ' +
        'that takes. With --wait or --now it does not stop before the new key signs. No token stops working at any step.',
      flags: [
        { flags: '--wait', help: 'wait until the new key may be activated, and activate it', excludes: ['now'] },
        { flags: '--now', help: 'activate the new key without the wait' },
        ALG_FLAG,
        UNASKED_YES_FLAG,
        CLOCK_CHECKED_FLAG,
        ...CHANGE_FLAGS,
      ],
      examples: [
        { does: 'the next step', line: 'apikey keys rotate' },
        { does: 'all steps in one go', line: 'apikey keys rotate --wait' },
      ],
      load: () => import('./rotate.ts'),
    },
    {
      name: 'retire',
      summary: 'End a retiring key on which no token depends any more',
      arguments: [KID],
      flags: [UNASKED_YES_FLAG, ...CHANGE_FLAGS],
      examples: [
        { does: 'see from when on that is possible', line: 'apikey keys list' },
        { does: 'end it', line: 'apikey keys retire Xk3v9a' },
      ],
      load: () => import('./retire.ts'),
    },
    {
      name: 'revoke',
      summary: 'End a key and every token that it signed: for a key that others may have used',
      arguments: [KID],
      flags: [REASON_FLAG, { ...CONFIRM_FLAG, flags: '--confirm <kid>' }, ...CHANGE_FLAGS],
      examples: [
        { does: 'see what would stop working', line: 'apikey keys revoke Xk3v9a --dry-run' },
        {
          does: 'in a script',
          line: 'apikey keys revoke Xk3v9a --confirm Xk3v9a --reason "key file on a lost laptop"',
        },
      ],
      load: () => import('./revoke.ts'),
    },
    {
      name: 'export',
      summary: 'Print the public keys as a JWKS, for other verifiers',
      more: 'RFC 7517. Pending keys are in it, so that verifiers have them before they sign; retired and revoked ones are not.',
      flags: [RING_FLAG, { ...JSON_FLAG, help: 'accepted as elsewhere; the output is always JSON' }],
      examples: [{ does: 'into a file', line: 'apikey keys export > jwks.json' }],
      load: () => import('./export.ts'),
    },
  ],
};
