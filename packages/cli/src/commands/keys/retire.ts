/** `apikey keys retire`: ends a retiring key on which nothing depends. */
import { findKey, parseKidPrefix, planRetireKey, retireKey } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { dryRun, withKeys } from './key-command.ts';
import { keyJson } from './key-json.ts';

export function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const prefix = parseFlag('kid', args[0] ?? '', parseKidPrefix);
  return withKeys(flags, context, async (work) => {
    const { terminal, deps, env } = work;
    const { kid } = await findKey(deps, prefix);
    if (flags.on('dryRun')) {
      const { key } = await planRetireKey(deps, kid);
      dryRun(work, [`retire key ${kid}: no token depends on it`], keyJson(key));
      return;
    }
    const { key } = await retireKey(deps, kid);
    if (terminal.json) terminal.printJson({ ...keyJson(key), env });
    terminal.say(
      `${terminal.aside.green('Retired')} key ${kid} in environment ${env}; no token depended on it, and its public half is kept`,
    );
  });
}
