/** `apikey restore`: compares a registry with an export of it, shows what is missing, asks, and puts it back. */
import { resolve } from 'node:path';
import {
  ApikeyError,
  isAboutClocks,
  planRestore,
  RefusedError,
  rememberingPublicKeys,
  restoreRegistry,
  verifyAudit,
  type RestorePlan,
} from '@apikey/shared';
import { ifSetUp, openKeys, openRegistry } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { ExportFile } from '../../export-file/open.ts';
import { confirm } from '../../terminal/confirm.ts';
import { progress } from '../../terminal/progress.ts';
import { doneWords, planJson, planWords } from './words.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal, inputAllowed } = context;
  const settings = await context.settings();
  const name = flags.required('from');
  const dryRun = flags.on('dryRun');
  await using file = await ExportFile.open(resolve(io.cwd, name), progress('events found', undefined, context).advance);
  requireOwn(file, name, settings);
  await requireSound(file, name, context);
  await using opened = await openTarget(settings, dryRun);
  const { registry } = opened;
  const compared = progress('chains compared', undefined, context);
  const plan = await planRestore(registry, file.source, compared.advance);
  const env = settings.env.value;
  if (plan.events > 0 && !dryRun && !flags.on('yes')) {
    await confirm(io, terminal, inputAllowed, {
      question: [...planWords(plan, env, terminal.aside), `Put this back into environment ${env}?`].join('\n'),
      action: `restoring environment ${env}`,
      flag: '--yes',
    });
  }
  if (dryRun) {
    if (terminal.json) terminal.printJson({ dryRun: true, ...planJson(plan, env) });
    else
      terminal.warn(
        [terminal.aside.bold('Dry run, nothing is changed.'), ...planWords(plan, env, terminal.aside)].join('\n'),
      );
    return EXIT_CODES.done.code;
  }
  await putBack(registry, file, plan, { context, unproven: flags.on('unproven') });
  if (terminal.json) terminal.printJson({ dryRun: false, ...planJson(plan, env) });
  else terminal.say(doneWords(plan, settings, terminal.aside));
  return EXIT_CODES.done.code;
}

async function putBack(
  registry: Parameters<typeof restoreRegistry>[0],
  file: ExportFile,
  plan: RestorePlan,
  { context, unproven }: { readonly context: Context; readonly unproven: boolean },
): Promise<void> {
  const bar = progress('events put back', plan.events, context);
  context.onInterrupt({
    why: 'the registry is put back in part: what dies may still live, and audit verify finds what is not finished',
    fix: 'run the command again: it goes on where this one stopped',
  });
  const settings = await context.settings();
  const grants = {
    // Few keys sign the grants of all commits.
    keys: rememberingPublicKeys(await openKeys(settings, context.io)),
    environment: { name: settings.env.value, issuer: settings.issuer },
    now: context.io.clock.now(),
  };
  await restoreRegistry(registry, file.source, plan, { grants, unproven, onProgress: bar.advance });
}

/** A dry run of what does not exist yet is compared with nothing, and makes nothing. */
async function openTarget(
  settings: Settings,
  dryRun: boolean,
): Promise<AsyncDisposable & { readonly registry: Parameters<typeof planRestore>[0] }> {
  const present = await ifSetUp(openRegistry(settings, dryRun ? 'read' : 'write'));
  if (present === undefined && dryRun) {
    throw new RefusedError('WRONG_STATE', `environment ${settings.env.value} has no registry to compare with`, {
      why: `there is none in ${settings.registry.place}`,
      fix: 'without --dry-run it is made, and everything that the export holds is put into it',
    });
  }
  const registry = present ?? (await openRegistry(settings, 'create'));
  return { registry, [Symbol.asyncDispose]: () => registry.close() };
}

function requireOwn({ header }: ExportFile, name: string, { env, issuer }: Settings): void {
  if (header.env === env.value && header.issuer === issuer) return;
  throw new RefusedError('EXPORT_MISMATCH', `${name} is the export of another environment`, {
    why: `it is of ${header.env} (${header.issuer}), and this is ${env.value} (${issuer})`,
    fix: 'choose the environment with --env, or give its own export',
  });
}

/** What does not add up is not put anywhere. */
async function requireSound(file: ExportFile, name: string, context: Context): Promise<void> {
  const bar = progress('events checked', undefined, context);
  const { findings: all, moreFindings } = await verifyAudit(file.source, {
    now: context.io.clock.now(),
    onProgress: (step, count, total) => {
      if (step === 'check') bar.advance(count, total);
    },
  });
  // A wrong clock dated those: the events are what was written, and are put back as they are.
  const findings = all.filter((finding) => !isAboutClocks(finding));
  if (findings.length === 0) return;
  throw new ApikeyError('EXPORT_DAMAGED', `${name} does not add up`, {
    why: `apikey audit verify finds ${findings.length + moreFindings} things that do not fit`,
    fix: `see them with: apikey audit verify --from ${name}; use the copy of an earlier day`,
  });
}
