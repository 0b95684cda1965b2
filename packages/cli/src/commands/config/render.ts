/** The text of a new configuration file: what is set, and as comments what could be. */
import { DEFAULT_ENVIRONMENT, SETTING_NAMES, SETTINGS, type SettingName } from '../../config/settings.ts';

export type NewEnvironment = { readonly env: string } & Partial<Readonly<Record<SettingName, string | undefined>>>;

export function renderConfig(environment: NewEnvironment): string {
  const { env } = environment;
  return [
    '# Configuration of apikey. `apikey help config` explains every setting, `apikey config show` tells what is in force.',
    '',
    '# The environment that is used without --env.',
    `env = "${DEFAULT_ENVIRONMENT}"`,
    '',
    `[envs.${env}]`,
    ...SETTING_NAMES.flatMap((name) => settingLines(name, environment[name], env)),
    '',
  ].join('\n');
}

function settingLines(name: SettingName, value: string | undefined, env: string): string[] {
  const { help, fallback, localFallback } = SETTINGS[name];
  const otherwise = fallback ?? (env === DEFAULT_ENVIRONMENT ? localFallback : undefined) ?? '';
  const shown = value === undefined && /^[0-9]+$/.test(otherwise) ? otherwise : JSON.stringify(value ?? otherwise);
  return [`# ${help}`, `${value === undefined ? '# ' : ''}${name} = ${shown}`];
}
