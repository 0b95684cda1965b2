/** Backends as configuration names them: a scheme, a colon, and a place. */
import { suggest } from './suggest.ts';

export const SCHEMES = {
  registry: ['sqlite', 'dynamodb'],
  keys: ['file', 'awskms'],
} as const;

export type RegistryScheme = (typeof SCHEMES.registry)[number];
export type KeysScheme = (typeof SCHEMES.keys)[number];

export interface BackendUri<Scheme extends string = string> {
  readonly scheme: Scheme;
  /** What follows the colon; for embedded schemes resolved to a directory. */
  readonly place: string;
}

/** DynamoDB's own rule for the names of tables. */
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/;
/** KMS's rule for aliases, with room left for a slash and 12 characters of the key's id; `alias/aws/` is Amazon's own. */
const ALIAS = /^alias\/(?!aws\/)[A-Za-z0-9_-](?:[A-Za-z0-9/_-]{0,198}[A-Za-z0-9_-])?$/;

/** What is wrong with a place on AWS; those of embedded schemes are paths, and any text may be one. */
function placeTrouble(scheme: string, place: string): string | undefined {
  if (scheme === 'dynamodb' && !TABLE.test(place)) {
    return 'expected dynamodb: and the name of a table: 3 to 255 letters, digits, _, . and -';
  }
  if (scheme === 'awskms' && !ALIAS.test(place)) {
    return 'expected awskms: and what the names of the keys begin with, like alias/apikey-prod';
  }
  // Else the issuer of the one environment could sign the seals of the other.
  if (scheme === 'awskms' && place.endsWith('-seal')) return 'names that end in -seal are those of keys for seals';
  return undefined;
}

/** @returns what is wrong with the text, where it is not one of the schemes */
export function parseBackendUri<Scheme extends string>(
  text: string,
  schemes: readonly Scheme[],
): BackendUri<Scheme> | { readonly trouble: string } {
  const colon = text.indexOf(':');
  const named = colon === -1 ? text : text.slice(0, colon);
  const scheme = schemes.find((candidate) => candidate === named);
  if (scheme !== undefined && colon !== -1) {
    const place = text.slice(colon + 1);
    const trouble = placeTrouble(scheme, place);
    return trouble === undefined ? { scheme, place } : { trouble };
  }
  const known = schemes.map((candidate) => `${candidate}:`).join(' or ');
  const meant = suggest(named, schemes);
  return { trouble: `expected ${known} and a place${meant === undefined ? '' : `; did you mean ${meant}:?`}` };
}
