/** Writes an audit export: a section is either finished, on disk and ended, or does not count. */
import { createHash } from 'node:crypto';
import type { ExportEnd, ExportEntry, ExportHeader } from '@apikey/shared';
import { jsonText } from '../terminal/printable.ts';

/** Takes text; resolves once the system has it. */
export type Append = (text: string) => Promise<void>;

export interface Written {
  readonly lines: number;
  readonly events: number;
  readonly records: number;
}

const BATCH = 64 * 1024;

/** Writes one section: an optional header, its entries, its end. Nothing of an end is written if an entry throws. */
export async function writeSection(
  append: Append,
  header: ExportHeader | undefined,
  entries: AsyncIterable<ExportEntry>,
  at: () => string,
  onEntry: (entry: ExportEntry) => void,
): Promise<Written> {
  const digest = createHash('sha256');
  const counts = { event: 0, record: 0, request: 0, client: 0, ring: 0 };
  let lines = 0;
  let batch = header === undefined ? '' : `${jsonText(header)}\n`;
  for await (const entry of entries) {
    const line = `${jsonText(entry)}\n`;
    digest.update(line);
    lines += 1;
    counts[entry.type] += 1;
    batch += line;
    onEntry(entry);
    if (batch.length < BATCH) continue;
    await append(batch);
    batch = '';
  }
  const end: ExportEnd = { type: 'end', at: at(), lines, sha256: digest.digest('hex') };
  await append(`${batch}${jsonText(end)}\n`);
  return { lines, events: counts.event, records: counts.record };
}
