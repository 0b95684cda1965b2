/** `apikey init`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG, YES_FLAG } from '../flags.ts';

export const init: CommandDefinition = {
  name: 'init',
  group: 'Environment',
  summary: 'Set up a registry and a first signing key',
  more:
    'Safe to run again: what exists is left as it is, and what an earlier run did not come to is done. On AWS it makes the ' +
    'table and a signing key in KMS, after showing what is missing and asking; a table that is there and differs is ' +
    'reported property by property, and not touched.',
  flags: [
    { flags: '--alg <name>', help: 'signature algorithm of the first key (default: ES256)' },
    { flags: '--multi-region', help: 'make keys in KMS that can be replicated to other Regions' },
    YES_FLAG,
    DRY_RUN_FLAG,
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'the environment local', line: 'apikey init' },
    {
      does: 'with an Ed25519 key, encrypted by a passphrase',
      line: 'APIKEY_KEYS_PASSPHRASE=... apikey init --alg EdDSA',
    },
    { does: 'what would be made on AWS', line: 'apikey init --env prod --dry-run' },
  ],
  load: () => import('./run.ts'),
};
