/** Reads events as they may come: whatever is not as documented counts as absent, and nothing here throws. */
import { parseAuthorization } from '../credential.ts';

/** A member of its own of anything that has members. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** The text at the end of a path of members. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const name of path) found = member(found, name);
  return typeof found === 'string' ? found : undefined;
}

/** What the event's `Authorization` headers present as the token, as `parseAuthorization` does. */
export function presentedToken(event: unknown): string | undefined {
  const many = headerValues(member(event, 'multiValueHeaders'), 'authorization');
  const one = headerValues(member(event, 'headers'), 'authorization');
  // `headers` repeats one of the values. One that is not among them is another credential, and two are none.
  return parseAuthorization([...many, ...one.filter((value) => !many.includes(value))]);
}

/** All values of one header, whatever the case of its name. Anything but text stands as a value that is no credential. */
function headerValues(headers: unknown, name: string): string[] {
  return ownEntries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]): unknown[] => (Array.isArray(value) ? value : [value]))
    .filter((value) => value !== undefined && value !== null)
    .map((value) => (typeof value === 'string' ? value : ''));
}

export function ownEntries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
