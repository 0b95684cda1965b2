/** `apikey iam`: prints the least-privilege policy of a role, and on stderr why each statement is in it. */
import { InvalidValueError } from '@apikey/shared';
import { keysTag } from '../../backends/awskms.ts';
import { usesAws } from '../../backends/caller.ts';
import type { CommandDefinition, Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { findPlace, parseBreakGlassRoles, parseStores } from './options.ts';
import type { Grant, Place, Policy } from './policy.ts';
import { grantsOf, ROLE_COMMANDS, type Role } from './roles.ts';
import { jsonText } from '../../terminal/printable.ts';

type Loaded = Awaited<ReturnType<CommandDefinition['load']>>;

export function policyOf(role: Role): Loaded {
  return { run: (invocation, context) => printPolicy(role, invocation, context) };
}

async function printPolicy(role: Role, { flags }: Invocation, context: Context): Promise<number> {
  const breakGlassRoles = parseBreakGlassRoles(flags);
  const stores = parseStores(flags);
  const settings = await context.settings();
  if (!usesAws(settings) && stores.length === 0) throw notOnAws(settings);
  const place = await findPlace(flags, settings, context.io);
  const grants = grantsOf(role, place, {
    breakGlassRoles,
    stores,
    tracksUsage: flags.on('trackUsage'),
    keysTag: await keysTag(),
  });
  const policy: Policy = { Version: '2012-10-17', Statement: grants.map(({ statement }) => statement) };
  const { terminal } = context;
  terminal.say(reasons(role, place, grants, settings, context));
  terminal.print(jsonText(policy, terminal.json && !terminal.isTTY ? undefined : 2));
  return EXIT_CODES.done.code;
}

function reasons(role: Role, place: Place, grants: readonly Grant[], { env }: Settings, { terminal }: Context): string {
  const { aside } = terminal;
  return [
    `Policy of the ${aside.bold(role)} in environment ${env.value}, account ${place.account}, ${place.region}`,
    `  for ${ROLE_COMMANDS[role]}`,
    ...fieldLines(
      grants.map(({ statement, reason }) => [statement.Sid, reason]),
      aside,
      '  ',
    ),
  ].join('\n');
}

function notOnAws({ env }: Settings): InvalidValueError {
  return new InvalidValueError('CONFIG_INVALID', `environment ${env.value} has nothing on AWS`, {
    why: 'registry and keys are embedded; file permissions guard them',
    fix: 'choose another with --env; `apikey config path` shows where environments are defined',
  });
}
