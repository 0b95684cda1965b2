/** Help topics, made from the tables that the program itself works by. */
import { OTHER_VARIABLES, SETTING_NAMES, SETTINGS } from '../../config/settings.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

type Bold = (text: string) => string;

export const TOPICS: ReadonlyMap<string, (bold: Bold) => string[]> = new Map([
  ['exit-codes', exitCodes],
  ['environment', environment],
  ['config', configuration],
]);

function exitCodes(bold: Bold): string[] {
  return [
    'Every command ends with one of these.',
    '',
    bold('Exit codes'),
    ...rows(Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code).padStart(3), meaning])),
    '',
    'An error also carries a stable code, as its last line and, with --json, as error.code.',
  ];
}

function environment(bold: Bold): string[] {
  return [
    'A flag is stronger than a variable, and a variable stronger than a file. An empty variable counts as not set.',
    'A variable that is nearly one of these is an error; config show lists others that begin with APIKEY_.',
    '',
    bold('Variables of apikey'),
    ...rows([
      ...Object.entries(OTHER_VARIABLES),
      ...SETTING_NAMES.flatMap((name): [string, string][] => {
        const { variable, help } = SETTINGS[name];
        return variable === undefined ? [] : [[variable, help]];
      }),
    ]),
    '',
    bold('Variables of the system'),
    ...rows([
      ['XDG_CONFIG_HOME', 'where apikey/config.toml is looked for (default: ~/.config)'],
      ['XDG_DATA_HOME', 'where the embedded backend keeps its data (default: ~/.local/share)'],
      ['AWS_PROFILE, AWS_REGION', 'and all others of the AWS SDK, for environments on AWS (--profile, --region)'],
      ['AWS_ENDPOINT_URL', 'where AWS is, if it is not AWS; also for one service, like AWS_ENDPOINT_URL_KMS'],
      ['NO_COLOR', 'no colours'],
      ['CI', 'never ask'],
    ]),
  ];
}

function configuration(bold: Bold): string[] {
  const example = ['registry', 'keys', 'issuer', 'audience'] as const;
  const local = example.map((name) => {
    const { fallback, localFallback } = SETTINGS[name];
    return `${name.padEnd(8)} = "${fallback ?? localFallback ?? ''}"`;
  });
  return [
    'Each value is taken from the first of these that has it:',
    '',
    '  1. a flag (--env, --config)',
    '  2. a variable (apikey help environment)',
    '  3. apikey.toml in the working directory or the closest one above',
    '  4. $XDG_CONFIG_HOME/apikey/config.toml',
    '  5. the default',
    '',
    'A file named by --config or APIKEY_CONFIG takes the place of 3 and 4. Relative paths in a file count from the file;',
    'in a path, ~ is your home directory, and variables are refused.',
    'A file that was found and not named is refused where others than you and root may write it, a link to it or its',
    'directory. Commands that change something name the file that they obey.',
    'The environment local needs no file; any other is defined by one.',
    '',
    bold('Settings of an environment'),
    ...rows(
      SETTING_NAMES.map((name) => {
        const { help, fallback, localFallback } = SETTINGS[name];
        const value = fallback ?? (localFallback === undefined ? undefined : `${localFallback} in local`);
        return [name, value === undefined ? help : `${help} (default: ${value})`];
      }),
    ),
    '',
    bold('Example'),
    '  env = "local"            # the environment without --env',
    '',
    '  [envs.local]             # what you get without any file',
    ...local.map((line) => `  ${line}`),
    '',
    '  [envs.staging]',
    '  registry = "sqlite:/srv/apikey/staging"',
    '  keys     = "file:/srv/apikey/staging"',
    '  issuer   = "https://api.staging.example.gov"',
    '  audience = "https://api.staging.example.gov"',
    '  max_ttl  = "30d"',
    '  gateway_result_ttl = 300   # `revoke --wait` then knows when a revocation holds everywhere',
    '',
    '  [envs.prod]',
    '  registry = "dynamodb:apikey-prod"        # a table; Region and credentials from the usual AWS chain',
    '  keys     = "awskms:alias/apikey-prod"    # KMS keys get aliases below this one',
    '  issuer   = "https://api.example.gov"',
    '  audience = "https://api.example.gov"',
    '',
    'What is in force, and why:  apikey config show',
  ];
}

function rows(pairs: readonly (readonly [name: string, text: string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
