/** `apikey doctor`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG } from '../flags.ts';

export const doctor: CommandDefinition = {
  name: 'doctor',
  group: 'Environment',
  summary: 'Check everything that an environment rests on',
  more:
    'Changes nothing. Prints what was looked at, and for each finding why it matters and how to mend it. Exit code 0 means no ' +
    'findings, 11 some. On AWS: caller, endpoint, clock, table, and every key of the ring in KMS. Embedded: the registry ' +
    'file, key files, and who may read them.',
  flags: [
    { flags: '--no-sign', help: 'do not ask whether the caller may sign: for roles that must not' },
    { flags: '--api <id>', help: 'also look at the authorizers of this REST, HTTP or WebSocket API of API Gateway' },
    JSON_FLAG,
  ],
  examples: [
    { does: 'the environment local', line: 'apikey doctor' },
    { does: 'production, with a profile', line: 'apikey doctor --env prod --profile prod-admin' },
    { does: 'how long a revocation takes behind an API', line: 'apikey doctor --env prod --api a1b2c3d4e5' },
    { does: 'the findings alone, for a monitor', line: "apikey doctor --json | jq '.checks[] | select(.ok == false)'" },
  ],
  load: () => import('./run.ts'),
};
