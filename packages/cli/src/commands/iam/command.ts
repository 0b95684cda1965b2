/** `apikey iam`: its words and flags. */
import type { CommandDefinition, CommandGroup, FlagDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG, QUIET_FLAG } from '../flags.ts';
import type { Role } from './roles.ts';

const FLAGS: readonly FlagDefinition[] = [
  { flags: '--account <id>', help: 'AWS account, in place of that of the caller; with --region, AWS is not asked' },
  {
    flags: '--break-glass-role <arn>',
    help: 'role that may disable and delete keys all the same',
    repeatable: true,
  },
];
const DELIVER_TO: FlagDefinition = {
  flags: '--deliver-to <store>',
  help: 'also let it deliver to this store, named as `issue --to` has it',
  repeatable: true,
};
const TRACK_USAGE: FlagDefinition = { flags: '--track-usage', help: 'also let it record when a token was last used' };

const SEALS_TO: FlagDefinition = {
  flags: '--deliver-to <store>',
  help: 'also let it put seals into this parameter, named as `audit seal --to` has it: ssm:/PATH',
  repeatable: true,
};

const MORE =
  'The policy is for this environment alone, by the ARNs of its table and the aliases of its keys: a rotated key needs no new ' +
  'policy. Standard output carries the JSON; why each statement is in it goes to standard error.';

function policyCommand(role: Role, summary: string, more: readonly FlagDefinition[] = []): CommandDefinition {
  return {
    name: role,
    summary,
    more: MORE,
    flags: [...FLAGS, ...more, JSON_FLAG, QUIET_FLAG],
    examples: [
      { does: 'into a file', line: `apikey iam ${role} --env prod > ${role}.json` },
      {
        does: 'without an account at hand',
        line: `apikey iam ${role} --env prod --account 111122223333 --region us-east-1`,
      },
    ],
    load: async () => (await import('./run.ts')).policyOf(role),
  };
}

export const iam: CommandGroup = {
  name: 'iam',
  group: 'Environment',
  summary: 'Print least-privilege IAM policies',
  commands: [
    policyCommand('issuer', 'Print the IAM policy of those who issue and rotate tokens', [DELIVER_TO]),
    policyCommand('revoker', 'Print the IAM policy of those who revoke, and cannot sign'),
    policyCommand('auditor', 'Print the IAM policy of those who read everything and change nothing'),
    policyCommand('authorizer', 'Print the IAM policy of whatever decides about requests', [TRACK_USAGE]),
    policyCommand('sealer', 'Print the IAM policy of what seals the audit log on a schedule', [SEALS_TO]),
    policyCommand('admin', 'Print the IAM policy of those who set up the environment and manage its keys'),
  ],
};
