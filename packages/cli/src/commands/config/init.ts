/** `apikey config init`: writes a configuration file for one environment, with a comment for each setting. */
import { join } from 'node:path';
import { ApikeyError, RefusedError } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { PROJECT_FILE, userFile } from '../../config/locate.ts';
import { namedFile } from '../../config/resolve.ts';
import { DEFAULT_ENVIRONMENT } from '../../config/settings.ts';
import { unknownVariables } from '../../config/variables.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { isInteractive } from '../../terminal/confirm.ts';
import { UsageError } from '../../usage-error.ts';
import { askFor } from './ask.ts';
import { renderConfig, type NewEnvironment } from './render.ts';
import { checkConfig, createConfig } from './write-file.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal, inputAllowed } = context;
  unknownVariables(io.env);
  const path = target(flags, context);
  await requireAbsent(path);
  const given = givenSettings(flags);
  const complete =
    isInteractive(io, terminal, inputAllowed) && given.issuer === undefined ? await askFor(given, context) : given;
  const content = renderConfig(withDefaults(complete));
  checkConfig(path, content, complete.env, context);
  const dryRun = flags.on('dryRun');
  if (!dryRun) await createConfig(path, content);
  if (terminal.json) terminal.printJson({ ...(dryRun ? { dryRun } : {}), file: path, env: complete.env, content });
  else if (dryRun) terminal.print(content.trimEnd());
  if (dryRun && !terminal.json)
    terminal.warn(`${terminal.aside.bold('Dry run')}, nothing is written. This would go to ${path}`);
  else terminal.say(doneWords(path, complete.env, terminal.aside.green));
  return EXIT_CODES.done.code;
}

function target(flags: FlagValues, { io }: Context): string {
  const named = namedFile({ config: flags.text('config') }, io);
  if (named !== undefined && flags.on('user')) {
    throw new UsageError('--user and a named file exclude each other', {
      why: 'a file is named by --config or APIKEY_CONFIG',
      fix: 'leave one of them out',
    });
  }
  return named ?? (flags.on('user') ? userFile(io) : join(io.cwd, PROJECT_FILE));
}

async function requireAbsent(path: string): Promise<void> {
  const { lstat } = await import('node:fs/promises');
  const present = await lstat(path).catch(() => undefined);
  if (present === undefined) return;
  throw new RefusedError('FILE_EXISTS', `${path} exists`, {
    why: 'config init only writes a new file',
    fix: `change a setting with: apikey config set KEY VALUE --config ${path}; or name another file with --config`,
  });
}

function givenSettings(flags: FlagValues): NewEnvironment {
  return {
    env: flags.text('env') ?? DEFAULT_ENVIRONMENT,
    registry: flags.text('registry'),
    keys: flags.text('keys'),
    issuer: flags.text('issuer'),
    audience: flags.text('audience'),
    default_ttl: flags.text('defaultTtl'),
    max_ttl: flags.text('maxTtl'),
    default_grace: flags.text('defaultGrace'),
  };
}

function withDefaults(given: NewEnvironment): NewEnvironment {
  if (given.issuer === undefined && given.env !== DEFAULT_ENVIRONMENT) {
    throw new ApikeyError('CONFIG_INVALID', `environment ${given.env} needs an issuer`, {
      why: 'only the environment local has a default for it',
      fix: 'add --issuer URL, or run the command on a terminal, where it asks',
    });
  }
  return { ...given, audience: given.audience ?? given.issuer };
}

function doneWords(path: string, env: string, green: (text: string) => string): string {
  const flag = env === DEFAULT_ENVIRONMENT ? '' : ` --env ${env}`;
  return [`${green('Wrote')} ${path}, which defines environment ${env}`, `Next: apikey init${flag}`].join('\n');
}
