/**
 * Parses a stored document once for each text that it has. A decision that reads the registry reads texts that hardly ever
 * change, and to parse one as strictly as it must be costs more than to read it.
 */
import { parseDocument, type Parser } from './connection.ts';

/** More than are asked for at one time, and about a megabyte. */
const MAX_REMEMBERED = 1_000;

/** Reads the `doc` of a row; throws `STORE_DAMAGED`, and remembers nothing of what is damaged. What it returns is shared. */
export function parseOnce<T>(parse: Parser<T>): (doc: unknown) => T {
  // Nothing here can be stale: what was parsed is found by the whole text, which has just been read.
  const known = new Map<unknown, T>();
  return (doc) => {
    const before = known.get(doc);
    if (before !== undefined) return before;
    const parsed = parseDocument(parse, doc);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(doc, parsed);
    return parsed;
  };
}
