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
const USAGE: FlagDefinition = { flags: '--usage', help: 'also let it note when a token was last used' };

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
    policyCommand('issuer', 'Print the IAM policy of those who issue and rotate tokens'),
    policyCommand('revoker', 'Print the IAM policy of those who revoke, and cannot sign'),
    policyCommand('auditor', 'Print the IAM policy of those who read everything and change nothing'),
    policyCommand('authorizer', 'Print the IAM policy of whatever decides about requests', [USAGE]),
    policyCommand('admin', 'Print the IAM policy of those who set up the environment and manage its keys'),
  ],
};
