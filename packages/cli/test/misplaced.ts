/** For each command the places in which somebody may put a token by mistake: every flag, every argument, and beside them. */
import type { CommandDefinition } from '../src/command-line/definition.ts';
import { GLOBAL_FLAGS } from '../src/command-line/global-flags.ts';

export interface Misplacement {
  readonly command: string;
  readonly args: (known: { readonly token: string; readonly jti: string }) => readonly string[];
}

const JTI = 'JTI';
/** What a command needs to get as far as the flag that is wrong. */
export const PLACES: Readonly<Record<string, readonly string[]>> = {
  issue: ['--client', 'partner'],
  rotate: [JTI, '--yes'],
  activate: [JTI],
  list: [],
  show: [JTI],
  verify: [],
  expiring: [],
  revoke: [JTI, '--yes', '--dry-run'],
  'clients list': [],
  'clients show': ['partner'],
  'clients set': ['partner'],
  'clients suspend': ['partner', '--dry-run'],
  'clients resume': ['partner', '--yes'],
  'clients revoke': ['partner', '--dry-run'],
  'keys list': [],
  'keys create': ['--dry-run'],
  'keys activate': ['abcdef', '--yes'],
  'keys rotate': ['--dry-run'],
  'keys retire': ['abcdef'],
  'keys revoke': ['abcdef', '--dry-run'],
  'keys export': [],
  'audit list': [],
  'audit verify': [],
  'audit seal': ['--dry-run'],
  'audit export': [],
  'audit reconcile': ['--lookup'],
  restore: ['--from', 'audit.jsonl', '--dry-run'],
  report: [],
  init: ['--yes'],
  doctor: [],
  'iam issuer': [],
  'iam revoker': [],
  'iam auditor': [],
  'iam authorizer': [],
  'iam sealer': [],
  'iam admin': [],
  serve: ['--port', '0'],
  'config show': [],
  'config path': [],
  'config init': ['--dry-run'],
  'config set': ['max_ttl', '300d', '--dry-run'],
  status: [],
  version: [],
  completion: ['nushell'],
  help: [],
};

export function misplacements(
  command: string,
  { flags = [], arguments: taken = [] }: CommandDefinition,
): Misplacement[] {
  const words = command.split(' ');
  const base = PLACES[command] ?? [];
  const place = (build: (token: string) => readonly string[]): Misplacement => ({
    command,
    args: ({ token, jti }) => build(token).map((word) => (word === JTI ? jti : word)),
  });
  const valued = [...flags, ...GLOBAL_FLAGS].flatMap(({ flags: spelled }) => {
    const [, name] = /(--[a-z-]+) </.exec(spelled) ?? [];
    return name === undefined ? [] : [name];
  });
  const short = flags.flatMap(({ flags: spelled }) => {
    const [, letter] = /^(-[a-z]), /.exec(spelled) ?? [];
    return letter === undefined ? [] : [letter];
  });
  const withoutFlag = (name: string): string[] => {
    const at = base.indexOf(name);
    return at === -1 ? [...base] : base.toSpliced(at, 2);
  };
  return [
    ...valued.map((name) => place((token) => [...words, ...withoutFlag(name), name, token])),
    ...valued.map((name) => place((token) => [...words, ...withoutFlag(name), `${name}=x/${token}`])),
    ...short.map((letter) => place((token) => [...words, ...base, `${letter}${token}`])),
    // In the place of each argument that it takes, and of one more.
    ...taken.map((_, index) => place((token) => [...words, ...base.toSpliced(index, 1, token)])),
    place((token) => [...words, ...base, token]),
    // Flags that there are not.
    place((token) => [...words, ...base, `--${token}`]),
    place((token) => [...words, ...base, '--bearer', token]),
    place((token) => [...words, ...base, `--bearer=${token}`]),
    place((token) => [token, ...words, ...base]),
    place((token) => [words[0] ?? '', token, ...words.slice(1)]),
  ];
}
