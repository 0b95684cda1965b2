/** `apikey config set`: changes one setting in the configuration file. */
import { ApikeyError } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { editToml } from '../../config/edit.ts';
import { readConfigText } from '../../config/file.ts';
import { PROJECT_FILE } from '../../config/locate.ts';
import { configPaths } from '../../config/resolve.ts';
import { SECONDS_SETTINGS, SETTING_NAMES } from '../../config/settings.ts';
import { suggest } from '../../config/suggest.ts';
import { unknownVariables } from '../../config/variables.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { UsageError } from '../../usage-error.ts';
import { checkConfig, replaceConfig } from './write-file.ts';

const KEYS: readonly string[] = ['env', ...SETTING_NAMES];

export async function run({ flags, args: [typed = '', value = ''] }: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const key = parseKey(typed);
  unknownVariables(io.env);
  const path = fileToEdit(configPaths({ config: flags.text('config') }, io)[0]);
  const before = await readConfigText(path);
  const env = key === 'env' ? undefined : (flags.text('env') ?? (await context.settings()).env.value);
  const content = editToml(before, env === undefined ? [] : ['envs', env], key, literalOf(key, value));
  checkConfig(path, content, env, context);
  const changed = content !== before;
  const dryRun = flags.on('dryRun');
  if (changed && !dryRun) await replaceConfig(path, content);
  if (terminal.json) {
    terminal.printJson({ ...(dryRun ? { dryRun } : {}), file: path, env: env ?? null, key, value, changed });
  }
  const where = `${key} = ${value} ${env === undefined ? '' : `for environment ${env} `}in ${path}`;
  if (dryRun && !terminal.json) {
    terminal.warn(
      `${terminal.aside.bold('Dry run')}, nothing is changed. This would ${changed ? `set ${where}` : 'change nothing'}`,
    );
  } else {
    terminal.say(changed ? `${terminal.aside.green('Set')} ${where}` : `${where} is set already; nothing was changed`);
  }
  return EXIT_CODES.done.code;
}

function parseKey(typed: string): string {
  const key = typed.replaceAll('-', '_');
  if (KEYS.includes(key)) return key;
  const meant = suggest(key, KEYS);
  throw new UsageError(`there is no setting ${JSON.stringify(typed)}`, {
    why: `known: ${KEYS.join(', ')}`,
    fix: meant === undefined ? 'see: apikey help config' : `did you mean ${meant}?`,
    code: 'INVALID_INPUT',
  });
}

function literalOf(key: string, value: string): string | number {
  return Object.hasOwn(SECONDS_SETTINGS, key) && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
}

function fileToEdit(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new ApikeyError('CONFIG_NOT_FOUND', 'there is no configuration file to change', {
    why: `there is no ${PROJECT_FILE} here or above, and no file of the user`,
    fix: 'write one with: apikey config init',
  });
}
