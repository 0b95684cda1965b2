/** `apikey rotate --all`: replaces many tokens, each on its own, so that one that fails costs no other. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeTokens, listRotatable, type IssuedToken, type OperationDeps, type TokenRecord } from '@apikey/shared';
import { workThrough } from '../../bulk.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { fileSink } from '../../delivery/file.ts';
import { requireReader } from '../../delivery/stdout.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { confirm } from '../../terminal/confirm.ts';
import { distance } from '../../terminal/distance.ts';
import { tokenTable } from '../../token-words.ts';
import type { RotateAllOptions } from './options.ts';
import { planAll } from './plan-all.ts';
import { rotateListed } from './rotate-listed.ts';
import { rotationJson } from './rotation-json.ts';
import { graceEnd } from './words.ts';
import { jsonText } from '../../terminal/printable.ts';

const OWNER_ONLY = 0o700;

export async function rotateAll(
  deps: OperationDeps,
  options: RotateAllOptions,
  settings: Settings,
  context: Context,
): Promise<number> {
  const { io, terminal } = context;
  const env = settings.env.value;
  const found = await Array.fromAsync(listRotatable(deps, options));
  if (found.length === 0) {
    terminal.warn(nothingWords(options, env));
    if (terminal.json && options.dryRun) terminal.printJson({ dryRun: true, env, tokens: [] });
    return EXIT_CODES.done.code;
  }
  if (options.dryRun) {
    await planAll(deps, found, options, settings, context);
    return EXIT_CODES.done.code;
  }
  if (options.outDir === undefined) requireReader(io.stdout, 'add --out-dir DIR, or let another command read it');
  if (!options.yes) await confirmAll(deps, found, options, settings, context);
  const { outDir } = options;
  if (outDir !== undefined) await makeDirectory(resolve(io.cwd, outDir));

  await workThrough(
    {
      items: found,
      done: 'rotated',
      name: ({ jti, client }) => `${jti} of ${client}`,
      failureJson: ({ jti, client }, error) => ({ replaces: jti, client, env, error }),
      fix: 'run the same command again: it goes on where this one stopped; --take-over starts unfinished ones anew',
      work: async (old) => {
        const file = outDir === undefined ? undefined : join(outDir, tokenFileName(old));
        const issued = await rotateListed(deps, old, { file, options, settings, context });
        tell(issued, old, file, deps.clock.now() / 1000, settings, context);
      },
    },
    context,
  );
  const clients = new Set(found.map(({ client }) => client)).size;
  terminal.say(
    `${terminal.aside.green('Rotated')} ${counted(found.length, 'token')} of ${counted(clients, 'client')} in environment ${env}`,
  );
  return EXIT_CODES.done.code;
}

/** The same for every run, so that a run after one that was cut short finds what that one wrote. */
function tokenFileName({ client, jti }: TokenRecord): string {
  return `${client}-${jti}.token`;
}

async function makeDirectory(path: string): Promise<void> {
  // That it cannot be made, or is something else, is told by the check, in the words of every token file.
  await mkdir(path, { mode: OWNER_ONLY }).catch(() => {});
  await fileSink(join(path, 'token'), { replace: true }).check();
}

async function confirmAll(
  deps: OperationDeps,
  found: readonly TokenRecord[],
  { successor, outDir }: RotateAllOptions,
  settings: Settings,
  { io, terminal, inputAllowed }: Context,
): Promise<void> {
  const now = deps.clock.now() / 1000;
  const clients = counted(new Set(found.map(({ client }) => client)).size, 'client');
  const cut = (successor.grace ?? settings.defaultGrace) === 0;
  await confirm(io, terminal, inputAllowed, {
    question: [
      `Rotate ${counted(found.length, 'token')} of ${clients} in environment ${settings.env.value}?`,
      ...tokenTable(await describeTokens(deps, found), { now, style: terminal.aside, columns: terminal.columns }),
      `${cut ? 'The old tokens end at once. ' : ''}The new ones go to ${outDir ?? 'standard output'}. Go on?`,
    ].join('\n'),
    action: `rotating ${counted(found.length, 'token')} of ${clients}`,
    flag: '--yes',
  });
}

function tell(
  { record, replaced }: Pick<IssuedToken, 'record' | 'replaced'>,
  old: TokenRecord,
  file: string | undefined,
  now: number,
  settings: Settings,
  { terminal }: Context,
): void {
  const graceUntil = replaced?.liveUntil ?? graceEnd(old, record, now);
  if (terminal.json && file !== undefined) {
    const json = { tokenFile: file, ...rotationJson(record, graceUntil, settings.env.value) };
    terminal.print(jsonText(json));
  }
  terminal.say(
    `rotated ${old.jti} of ${old.client}: ${file ?? record.jti}; the old one ends ${distance(Math.max(graceUntil, now), now)}`,
  );
}

function nothingWords({ client, expiringWithin }: RotateAllOptions, env: string): string {
  const which = expiringWithin === undefined ? '' : ' that ends within this time';
  const whose = client === undefined ? '' : ` of client ${client}`;
  return `nothing to rotate: no live token${whose} in environment ${env}${which} lacks a successor`;
}
