/** `apikey keys retire`: ends a retiring key on which nothing depends, and shows what does. */
import {
  ApikeyError,
  describeTokens,
  findKey,
  KEY_SETTLING_SECONDS,
  MAIN_RING,
  parseKidPrefix,
  planRetireKey,
  retireKey,
  tokensOfKey,
} from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { tokenTable } from '../../token-words.ts';
import { dryRun, withKeys, type KeyWork } from './key-command.ts';
import { keyJson } from './key-json.ts';

/** A key for seals may end at any time: a seal is as good as its key was when it signed. */
const SEALS_STAY = 'what it sealed stays good';

export function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const prefix = parseFlag('kid', args[0] ?? '', parseKidPrefix);
  // What ends a key does not wait for a clock.
  return withKeys(flags, context, (work) => retireNamed(prefix, work), 'existing');
}

async function retireNamed(prefix: string, work: KeyWork): Promise<void> {
  const { terminal, deps, env, ring, flags } = work;
  const { kid } = await findKey(deps, prefix, ring);
  if (flags.on('dryRun')) {
    const { key } = await showingDependents(kid, work, () => planRetireKey(deps, kid, ring));
    dryRun(work, [`retire key ${kid}: ${ring === MAIN_RING ? 'no token depends on it' : SEALS_STAY}`], keyJson(key));
    return;
  }
  const { key } = await showingDependents(kid, work, () => retireKey(deps, kid, ring));
  if (terminal.json) terminal.printJson({ ...keyJson(key), env });
  terminal.say(
    `${terminal.aside.green('Retired')} key ${kid} in environment ${env}; ${ring === MAIN_RING ? 'no token depended on it' : SEALS_STAY}, and its public half is kept`,
  );
}

/** Where the key is refused because of its tokens, they are shown with their last use: some may be left to expire. */
async function showingDependents<T>(kid: string, work: KeyWork, retire: () => Promise<T>): Promise<T> {
  try {
    return await retire();
  } catch (error) {
    if (error instanceof ApikeyError && error.code === 'WRONG_STATE') await showDependents(kid, work);
    throw error;
  }
}

async function showDependents(kid: string, { deps, terminal, ring }: KeyWork): Promise<void> {
  const { state, retiringAt = Infinity } = await findKey(deps, kid, ring);
  const now = deps.clock.now() / 1000;
  // Before that, its tokens are not what keeps it from being retired.
  if (state !== 'retiring' || now < retiringAt + KEY_SETTLING_SECONDS) return;
  const views = await describeTokens(deps, await tokensOfKey(deps, kid));
  const table = tokenTable(views, { now, style: terminal.aside, columns: terminal.columns });
  if (table.length > 0) terminal.warn(['Tokens that depend on it:', ...table].join('\n'));
}
