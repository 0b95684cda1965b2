/** The variables of apikey: a name that is nearly one of them is a mistake, not a variable of something else. */
import { InvalidValueError } from '@apikey/shared';
import type { Io } from '../io.ts';
import { OTHER_VARIABLES, SETTING_NAMES, SETTINGS } from './settings.ts';
import { closest } from './suggest.ts';

const PREFIX = 'APIKEY_';

export const KNOWN_VARIABLES: readonly string[] = [
  ...Object.keys(OTHER_VARIABLES),
  ...SETTING_NAMES.flatMap((name) => SETTINGS[name].variable ?? []),
];

/** Those that are set and not known, by name. Throws `CONFIG_INVALID` for one that is nearly known. */
export function unknownVariables(env: Io['env']): readonly string[] {
  const unknown = Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && (env[name] ?? '') !== '')
    .filter((name) => !KNOWN_VARIABLES.includes(name))
    .toSorted();
  for (const name of unknown) {
    const meant = closestVariable(name);
    if (meant === undefined) continue;
    throw new InvalidValueError('CONFIG_INVALID', `there is no variable ${name}`, {
      why: `it is set, and nearly the name of ${meant}: its value would be ignored`,
      fix: `did you mean ${meant}? If not, unset ${name}`,
    });
  }
  return unknown;
}

function closestVariable(name: string): string | undefined {
  const rest = (variable: string): string => variable.slice(PREFIX.length);
  const meant = closest(rest(name.toUpperCase()), KNOWN_VARIABLES.map(rest));
  return meant === undefined ? undefined : PREFIX + meant;
}
