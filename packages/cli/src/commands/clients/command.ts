/** `apikey clients`: its words and flags. */
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

const ID: ArgumentDefinition = { name: 'client', help: 'id of the client' };

export const clients: CommandGroup = {
  name: 'clients',
  group: 'Clients',
  summary: 'Manage the machines and teams that hold tokens',
  commands: [
    {
      name: 'list',
      summary: 'List clients, with what their tokens come to',
      more:
        'In a pipe, each line holds, separated by tabs: id, state, liveTokens, pendingTokens, nextExpiry, contact, owner, ' +
        'purpose, scopes, cidrs, maxTtl, createdAt, epoch. In JSON, maxTtl is in seconds, and null stands for no limit.',
      flags: [...LISTING_FLAGS, JSON_FLAG],
      examples: [
        { does: 'all clients', line: 'apikey clients list' },
        { does: 'ids and contacts, for a script', line: 'apikey clients list | cut -f1,6' },
      ],
      load: () => import('./list.ts'),
    },
    {
      name: 'show',
      summary: 'Show one client, its tokens, and what happened to it',
      arguments: [ID],
      flags: [JSON_FLAG],
      examples: [{ does: 'one client', line: 'apikey clients show partner' }],
      load: () => import('./show.ts'),
    },
    {
      name: 'set',
      summary: "Set a client's details and limits",
      more:
        'An unknown client is registered. Narrower scopes and networks hold at the next decision, for tokens already out ' +
        'too; a shorter --max-ttl is for new tokens. --scope and --cidr replace the whole list.',
      arguments: [ID],
      flags: [
        { flags: '--contact <text>', help: 'whom to write to before its tokens expire' },
        { flags: '--owner <text>', help: 'who answers for it' },
        { flags: '--purpose <text>', help: 'what it is for' },
        { flags: '--scope <scope>', help: 'what its tokens may be used for', repeatable: true },
        { flags: '--cidr <network>', help: 'where its requests may come from, like 203.0.113.0/24', repeatable: true },
        { flags: '--max-ttl <duration>', help: 'longest lifetime of a new token, like 30d' },
        {
          flags: '--unset <name>',
          help: 'remove a detail or limit: contact, owner, purpose, scope, cidr or max-ttl',
          value: ['contact', 'owner', 'purpose', 'scope', 'cidr', 'max-ttl'],
          repeatable: true,
        },
        CLOCK_CHECKED_FLAG,
        DRY_RUN_FLAG,
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [
        { does: 'say who it is', line: 'apikey clients set partner --contact ops@partner.example --owner integration' },
        { does: 'limit it', line: 'apikey clients set partner --scope plans:read --cidr 203.0.113.0/24 --max-ttl 30d' },
        { does: 'let it come from anywhere again', line: 'apikey clients set partner --unset cidr' },
      ],
      load: () => import('./set.ts'),
    },
    {
      name: 'suspend',
      summary: "Deny all of a client's tokens until it is resumed",
      arguments: [ID],
      flags: [REASON_FLAG, YES_FLAG, DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG],
      examples: [
        { does: 'stop it for now', line: 'apikey clients suspend partner --yes --reason "odd traffic, ticket 4711"' },
        { does: 'see what would stop', line: 'apikey clients suspend partner --dry-run' },
      ],
      load: () => import('./suspend.ts'),
    },
    {
      name: 'resume',
      summary: 'Let the tokens of a suspended client work again',
      arguments: [ID],
      flags: [
        { ...YES_FLAG, help: 'accepted as elsewhere; nothing is asked' },
        CLOCK_CHECKED_FLAG,
        DRY_RUN_FLAG,
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [{ does: 'after a suspension', line: 'apikey clients resume partner' }],
      load: () => import('./resume.ts'),
    },
    {
      name: 'revoke',
      summary: 'End all tokens of a client for good, in one write',
      more:
        'Tokens that are being issued at this moment are ended too. The client itself stays, and may be given new tokens; ' +
        'to keep it from that as well, suspend it.',
      arguments: [ID],
      flags: [REASON_FLAG, CONFIRM_FLAG, DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG],
      examples: [
        {
          does: 'end them, typing the name when asked',
          line: 'apikey clients revoke partner --reason "contract ended"',
        },
        { does: 'the same in a script', line: 'apikey clients revoke partner --confirm partner' },
      ],
      load: () => import('./revoke.ts'),
    },
  ],
};
