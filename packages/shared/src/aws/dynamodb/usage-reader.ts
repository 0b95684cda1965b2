/** Reads when tokens were last used, for those who list and judge them. */
import { isJti } from '../../domain/identifiers.ts';
import { InvalidStateError } from '../../ports/errors.ts';
import type { TokenUse } from '../../ports/usage.ts';
import type { Item } from './attributes.ts';
import { readUse } from './items.ts';
import { usageKey } from './keys.ts';
import type { TableReader } from './reads.ts';

/** What one BatchGetItem takes. */
const BATCH = 100;

export async function readUses(reader: TableReader, jtis: readonly string[]): Promise<ReadonlyMap<string, TokenUse>> {
  // DynamoDB takes no key twice, and none that is too long.
  const wanted = [...new Set(jtis)].filter(isJti);
  const uses = new Map<string, TokenUse>();
  for (let from = 0; from < wanted.length; from += BATCH) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: a listing asks page by page, and may be long
    for (const item of await reader.getAll(wanted.slice(from, from + BATCH).map(usageKey))) {
      const use = soundUse(item);
      if (use !== undefined) uses.set(use.jti, use);
    }
  }
  return uses;
}

/** A damaged entry counts as absent: it is evidence and nothing else, and authorizers may write it. */
function soundUse(item: Item): TokenUse | undefined {
  try {
    return readUse(item);
  } catch (error) {
    if (error instanceof InvalidStateError) return undefined;
    throw error;
  }
}
