/** `apikey restore`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG, YES_FLAG } from '../flags.ts';

export const restore: CommandDefinition = {
  name: 'restore',
  group: 'Audit',
  summary: 'Put back what a registry lost when it was restored from an older backup',
  more:
    'A backup brings back to life what was revoked after it. This compares every chain with an export of the audit ' +
    'log, and puts back the events that are missing with the state that they lead to: what ends something first. ' +
    'It refuses where the two contradict each other. Let nobody write to the registry until it is done.',
  flags: [
    { flags: '--from <file>', help: 'what audit export wrote, the newest there is', required: true },
    { flags: '--unproven', help: 'also put back tokens that no signed grant proves' },
    DRY_RUN_FLAG,
    YES_FLAG,
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'what is missing', line: 'apikey restore --env prod --from audit.jsonl --dry-run' },
    { does: 'put it back', line: 'apikey restore --env prod --from audit.jsonl' },
  ],
  load: () => import('./run.ts'),
};
