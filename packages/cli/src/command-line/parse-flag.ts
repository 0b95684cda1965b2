/** Parses flag values with the domain's parsers, and says in the error which flag had which value. */
import {
  ApikeyError,
  InvalidValueError,
  isSigningAlg,
  listAlgs,
  parseText,
  supportsAlg,
  type SigningAlg,
} from '@apikey/shared';
import { jsonText } from '../terminal/printable.ts';

const LONGEST_QUOTE = 60;
const MAX_REASON = 256;

/** @param name as typed: `--ttl`, or an argument's name */
export function parseFlag<T>(name: string, value: string, parse: (text: string) => T): T {
  try {
    return parse(value);
  } catch (error) {
    if (!(error instanceof ApikeyError)) throw error;
    const shown = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}...` : value;
    throw new InvalidValueError(error.code, `${name} ${jsonText(shown)}: ${error.message}`, {
      ...(error.why === undefined ? {} : { why: error.why }),
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error,
    });
  }
}

export function parseOptional<T>(name: string, value: string | undefined, parse: (text: string) => T): T | undefined {
  return value === undefined ? undefined : parseFlag(name, value, parse);
}

export function parseSigningAlg(text: string): SigningAlg {
  if (isSigningAlg(text) && supportsAlg(text)) return text;
  const known = listAlgs().filter((alg) => isSigningAlg(alg) && supportsAlg(alg));
  throw new InvalidValueError('INVALID_ALG', 'this is not an algorithm that tokens are signed with', {
    why: `known: ${known.join(', ')}`,
    fix: 'leave it out to get ES256',
  });
}

/** Why something is done, for the audit log. */
export function parseReason(reason: string | undefined): string | undefined {
  return parseOptional('--reason', reason, (text) => parseText('reason', text, MAX_REASON));
}

/** Which of a few words a value is. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new InvalidValueError('INVALID_INPUT', 'this is not one of the values', {
      why: `known: ${words.join(', ')}`,
    });
  };
}
