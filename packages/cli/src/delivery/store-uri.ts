/** Stores that a token can be delivered to, as `--to` names them. */
import { InvalidValueError } from '@apikey/shared';

export type StoreUri = SecretUri | ParameterUri;

interface SecretUri {
  readonly scheme: 'secretsmanager';
  /** As typed. */
  readonly uri: string;
  /** Name or ARN. */
  readonly secret: string;
  /** Member of a JSON object; absent = the whole value. */
  readonly key: string | undefined;
}

interface ParameterUri {
  readonly scheme: 'ssm';
  readonly uri: string;
  readonly path: string;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (Name) */
const NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;
const ARN =
  /^arn:aws[a-z-]*:secretsmanager:[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,519}$/;
const MAX_KEY = 256;
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html; 44 characters less than there may be. */
const PATH = /^(?:\/[A-Za-z0-9_.-]+){1,15}$/;
const MAX_PATH = 900;
/** What AWS keeps for itself. */
const RESERVED = /^\/(?:aws|ssm)/i;

export function parseStoreUri(uri: string): StoreUri {
  const colon = uri.indexOf(':');
  const [scheme, place] = [uri.slice(0, Math.max(colon, 0)), uri.slice(colon + 1)];
  if (scheme === 'secretsmanager') return { scheme, uri, ...parseSecret(place) };
  if (scheme === 'ssm') return { scheme, uri, path: parsePath(place) };
  throw invalid('it names no store that apikey knows', 'secretsmanager:NAME, secretsmanager:NAME#KEY or ssm:/PATH');
}

function parseSecret(place: string): Pick<SecretUri, 'secret' | 'key'> {
  const sign = place.indexOf('#');
  const secret = sign === -1 ? place : place.slice(0, sign);
  const key = sign === -1 ? undefined : place.slice(sign + 1);
  if (!NAME.test(secret) && !ARN.test(secret)) {
    throw invalid('it names no secret', 'secretsmanager: and the name or ARN of a secret');
  }
  if (key !== undefined && !isKey(key)) {
    throw invalid('what follows # names no member of a JSON object', `1 to ${MAX_KEY} printable characters after #`);
  }
  return { secret, key };
}

function isKey(key: string): boolean {
  return key !== '' && key.length <= MAX_KEY && key.isWellFormed() && !/\p{Cc}/u.test(key);
}

function parsePath(place: string): string {
  if (PATH.test(place) && place.length <= MAX_PATH && !RESERVED.test(place)) return place;
  throw invalid(
    RESERVED.test(place) ? 'AWS keeps parameters of this name for itself' : 'it names no parameter',
    `ssm: and a path like /partner/token: up to 15 levels of letters, digits, _, . and -`,
  );
}

function invalid(why: string, expected: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', 'this is not a store for tokens', {
    why: `${why}; expected ${expected}`,
    fix: 'see: apikey issue --help, and docs/delivery.md',
  });
}
