/** Takes the definition of a flag apart: `-o, --output <file>`, and says what its value is. */
import type { ArgumentDefinition, FlagDefinition, ValueKind } from './definition.ts';

const FLAG = /^(?:-(?<short>\w), )?(?<long>--[\w-]+)(?: (?<placeholder><.+>))?$/;

export interface FlagNames {
  /** One letter, without its hyphen. */
  readonly short: string | undefined;
  /** `--output`. */
  readonly long: string;
  /** `<file>`; absent = the flag takes no value. */
  readonly placeholder: string | undefined;
}

export function flagNames({ flags }: Pick<FlagDefinition, 'flags'>): FlagNames {
  const { short, long, placeholder } = FLAG.exec(flags)?.groups ?? {};
  if (long === undefined) throw new TypeError(`not a definition of a flag: ${flags}`);
  return { short, long, placeholder };
}

const BY_PLACEHOLDER: Readonly<Record<string, ValueKind>> = {
  '<file>': 'file',
  '<path>': 'file',
  '<place>': 'file',
  '<dir>': 'directory',
  '<directory>': 'directory',
  '<jti>': 'jti',
  '<kid>': 'kid',
};

const BY_NAME: Readonly<Record<string, ValueKind>> = {
  '--client': 'client',
  '--introspect-client': 'client',
  '--alg': 'alg',
  jti: 'jti',
  kid: 'kid',
  client: 'client',
  token: 'file',
};

/** What the value of a flag is, where more is known than that it is text. */
export function flagValueKind(flag: FlagDefinition): ValueKind | undefined {
  const { long, placeholder = '' } = flagNames(flag);
  return flag.value ?? BY_NAME[long] ?? BY_PLACEHOLDER[placeholder];
}

export function argumentKind({ name, value }: ArgumentDefinition): ValueKind | undefined {
  return value ?? BY_NAME[name];
}
