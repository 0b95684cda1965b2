/** `apikey config`: its words and flags. */
import type { CommandGroup } from '../../command-line/definition.ts';
import { SETTING_NAMES } from '../../config/settings.ts';
import { DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG } from '../flags.ts';

export const config: CommandGroup = {
  name: 'config',
  group: 'Environment',
  summary: 'Show and write the configuration',
  commands: [
    {
      name: 'show',
      summary: 'Show every setting, and where its value comes from',
      flags: [JSON_FLAG],
      examples: [
        { does: 'what is in force here', line: 'apikey config show' },
        { does: 'the same for another environment', line: 'apikey config show --env prod --json' },
      ],
      load: () => import('./show.ts'),
    },
    {
      name: 'path',
      summary: 'Show which configuration files are read',
      flags: [JSON_FLAG],
      examples: [{ does: 'the files in force here', line: 'apikey config path' }],
      load: () => import('./path.ts'),
    },
    {
      name: 'init',
      summary: 'Write a configuration file with comments',
      more:
        'For the environment that --env names (default: local), into apikey.toml in the working directory, or the file that ' +
        '--config names. On a terminal, what no flag says is asked for. An existing file is not touched: config set changes one.',
      flags: [
        { flags: '--registry <uri>', help: 'sqlite:DIRECTORY or dynamodb:TABLE (default: sqlite:)' },
        { flags: '--keys <uri>', help: 'file:DIRECTORY or awskms:alias/NAME (default: file:)' },
        { flags: '--issuer <url>', help: 'the iss claim of every token; needed for all environments but local' },
        { flags: '--audience <url>', help: 'the API that tokens are for (default: the issuer)' },
        { flags: '--default-ttl <duration>', help: 'lifetime of tokens for which none is asked' },
        { flags: '--max-ttl <duration>', help: 'longest lifetime of any token' },
        { flags: '--default-grace <duration>', help: 'how long a replaced token stays live' },
        { flags: '--user', help: 'write the file of the user, which holds in every directory' },
        DRY_RUN_FLAG,
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [
        { does: 'asking for what is needed', line: 'apikey config init' },
        {
          does: 'for production on AWS',
          line: 'apikey config init --env prod --registry dynamodb:apikey-prod --keys awskms:alias/apikey-prod --issuer https://api.example.gov',
        },
      ],
      load: () => import('./init.ts'),
    },
    {
      name: 'set',
      summary: 'Change one setting in the configuration file',
      more:
        'Of the environment that --env names, or that is in force; the key env names the environment that is used without ' +
        '--env. The rest of the file stays as it is, comments included. The file is the one that config path prints first.',
      arguments: [
        {
          name: 'key',
          help: 'a setting, like max_ttl; apikey help config lists them',
          value: ['env', ...SETTING_NAMES],
        },
        { name: 'value', help: 'its new value' },
      ],
      flags: [DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG],
      examples: [
        { does: 'a shorter cap in production', line: 'apikey config set max_ttl 30d --env prod' },
        { does: 'another environment where none is named', line: 'apikey config set env staging' },
      ],
      load: () => import('./set.ts'),
    },
  ],
};
