/** The place in a secret that a token goes to: its whole value, or one member of a JSON object. */
import { RefusedError } from '../../domain/errors.ts';
import { countMembers, memberOf, withMember } from './json-member.ts';

export interface SecretPlace {
  /** Name or ARN. */
  readonly secret: string;
  /** The member of a JSON object; absent = the whole value. */
  readonly key?: string | undefined;
}

/** The value of a version: text, or bytes that apikey leaves alone. */
export type SecretValue = { readonly text: string } | { readonly bytes: true };

/** In bytes of UTF-8 (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). */
const MAX_VALUE = 65_536;

/** As the command line writes it. */
export function placeName({ secret, key }: SecretPlace): string {
  return `secretsmanager:${secret}${key === undefined ? '' : `#${key}`}`;
}

/**
 * What stands in the place now; absent where nothing does. Throws `SECRET_UNSUITABLE` for a value that a token cannot
 * be put into without destroying something.
 */
export function shownIn(place: SecretPlace, value: SecretValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if ('bytes' in value) throw unsuitable(place, 'it holds bytes and no text', 'name another secret');
  const { text } = value;
  if (place.key === undefined) {
    if ((countMembers(text) ?? 0) === 0) return text;
    throw unsuitable(
      place,
      'it holds a JSON object, all of which the token would replace',
      `name a member of it: secretsmanager:${place.secret}#KEY`,
    );
  }
  return shownAt(place, place.key, text);
}

function shownAt(place: SecretPlace, key: string, text: string): string | undefined {
  let member: unknown;
  try {
    member = memberOf(text, key);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unsuitable(place, `its value cannot take a member: ${error.message}`, 'mend the value, or leave out #KEY');
  }
  if (member === undefined || member === null) return undefined;
  if (typeof member === 'string') return member;
  const kind = Array.isArray(member) ? 'an array' : `a value that is a ${typeof member}`;
  throw unsuitable(place, `its member ${key} holds ${kind}, and no text`, 'name another member');
}

/** The whole value with the token in its place, and everything else as it was. */
export function valueWith(place: SecretPlace, value: SecretValue | undefined, token: string): string {
  const before = value !== undefined && 'text' in value ? value.text : '{}';
  const after = place.key === undefined ? token : withMember(before, place.key, token);
  if (Buffer.byteLength(after) <= MAX_VALUE) return after;
  throw unsuitable(
    place,
    `with the token it would be longer than the ${MAX_VALUE} bytes of a secret`,
    'name another secret',
  );
}

export function unsuitable(place: SecretPlace, why: string, fix: string): RefusedError {
  return new RefusedError('SECRET_UNSUITABLE', `${placeName(place)} cannot take a token`, { why, fix });
}
