/** What makes two runs of one request id the same request. */
import { canonicalJson } from '../domain/events.ts';
import type { Json } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';

/** Hash of the parameters as asked for, not of what they came to: a rerun tomorrow is still the same request. */
export function requestHash(operation: string, parameters: { readonly [name: string]: Json | undefined }): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return sha256Hex(canonicalJson({ operation, parameters: Object.fromEntries(given) }));
}
