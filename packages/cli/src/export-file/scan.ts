/** Goes through an export once: where each aggregate's lines lie, how far each chain goes, and what is damaged. */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { ApikeyError, parseExportEnd, parseExportHeader, type ExportEnd, type ExportHeader } from '@apikey/shared';
import { linesOf, valueOf, type Line } from './lines.ts';
import { outlineOf, type Outline } from './outline.ts';

/** Neighbouring lines of one aggregate. */
export interface Stretch {
  readonly offset: number;
  readonly end: number;
  /** Number of its first line. */
  readonly line: number;
  /** The greatest place in the chain that an event of it has; 0 without events. */
  readonly maxSeq: number;
}

interface ScannedAggregate {
  readonly stretches: Stretch[];
  /** The last line that holds the aggregate itself. */
  own: Stretch | undefined;
  /** The last event, as it stands there. */
  seq: number;
  hash: string;
  /** Of the last line that holds the aggregate itself; 0 without one. */
  settled: number;
}

export interface Scan {
  readonly header: ExportHeader;
  /** The end of the last section that was finished; nothing where none was. */
  readonly end: ExportEnd | undefined;
  readonly aggregates: ReadonlyMap<string, ScannedAggregate>;
  readonly events: number;
  readonly damages: readonly string[];
  /** Where the last finished section ends: all before it counts, nothing behind it does. */
  readonly size: number;
  /** Lines behind that, of a section that was not finished. */
  readonly unfinished: number;
}

/** Throws `EXPORT_DAMAGED` for what is no export at all. */
export async function scanExport(
  file: FileHandle,
  name: string,
  onEvents: (count: number) => void = () => {},
): Promise<Scan> {
  let header: ExportHeader | undefined;
  let scanner: Scanner | undefined;
  for await (const line of linesOf(file)) {
    if (scanner !== undefined) {
      scanner.take(line);
      continue;
    }
    const read = valueOf(line);
    header = 'value' in read ? parseExportHeader(read.value) : undefined;
    if (header === undefined) throw notAnExport(name, 'flaw' in read ? read.flaw : 'it is not the header of an export');
    scanner = new Scanner(onEvents, line.end);
  }
  if (header === undefined || scanner === undefined) throw notAnExport(name, 'the file is empty');
  return { header, ...scanner.result() };
}

function notAnExport(name: string, flaw: string): ApikeyError {
  return new ApikeyError('EXPORT_DAMAGED', `${name} is not an audit export`, {
    why: `line 1: ${flaw}`,
    fix: 'give a file that apikey audit export wrote',
  });
}

/** Lines of one aggregate as they follow each other in a section. */
interface Run extends Stretch {
  readonly owner: string;
  readonly outline: Outline;
  readonly own: Stretch | undefined;
}

class Scanner {
  readonly #onEvents: (count: number) => void;
  readonly #aggregates = new Map<string, ScannedAggregate>();
  readonly #damages: string[] = [];
  #events = 0;
  #size: number;
  #end: ExportEnd | undefined;
  // Of the section that is being read: it counts once its end is reached.
  #runs: Run[] = [];
  #found: string[] = [];
  #lines = 0;
  #sectionEvents = 0;
  #digest: Hash = createHash('sha256');

  constructor(onEvents: (count: number) => void, size: number) {
    this.#onEvents = onEvents;
    this.#size = size;
  }

  take(line: Line): void {
    const read = valueOf(line);
    const end = 'value' in read ? parseExportEnd(read.value) : undefined;
    if (end !== undefined) {
      this.#finish(end, line);
      return;
    }
    this.#lines += 1;
    if (line.bytes !== undefined) this.#digest.update(line.bytes).update('\n');
    const outline = 'value' in read ? outlineOf(read.value) : undefined;
    const flaw = 'flaw' in read ? read.flaw : noEntry(outline);
    if (flaw !== undefined) this.#found.push(`line ${line.number}: ${flaw}`);
    if (outline !== undefined) this.#note(outline, line);
  }

  result(): Omit<Scan, 'header'> {
    return {
      end: this.#end,
      aggregates: this.#aggregates,
      events: this.#events,
      damages: this.#damages,
      size: this.#size,
      unfinished: this.#lines,
    };
  }

  #note(outline: Outline, { offset, end, number }: Line): void {
    if (outline.seq !== undefined) {
      this.#sectionEvents += 1;
      this.#onEvents(1);
    }
    const stretch = { offset, end, line: number, maxSeq: outline.seq ?? 0 };
    const own = outline.settled === undefined ? undefined : stretch;
    const last = this.#runs.at(-1);
    if (last?.owner !== outline.owner || last.end !== offset) {
      this.#runs.push({ ...stretch, owner: outline.owner, outline, own });
      return;
    }
    this.#runs[this.#runs.length - 1] = {
      ...last,
      end,
      maxSeq: Math.max(last.maxSeq, stretch.maxSeq),
      outline: { ...last.outline, ...outline },
      own: own ?? last.own,
    };
  }

  #finish(end: ExportEnd, line: Line): void {
    if (end.lines !== this.#lines)
      this.#found.push(`line ${line.number}: ${end.lines} lines should stand before it, there are ${this.#lines}`);
    else if (end.sha256 !== this.#digest.digest('hex'))
      this.#found.push(`line ${line.number}: the lines before it are not those that were written`);
    for (const { owner, outline, own, ...stretch } of this.#runs) {
      const known = this.#aggregates.get(owner) ?? { stretches: [], own: undefined, seq: 0, hash: '', settled: 0 };
      known.stretches.push(stretch);
      known.own = own ?? known.own;
      known.seq = outline.seq ?? known.seq;
      known.hash = outline.hash ?? known.hash;
      known.settled = outline.settled ?? known.settled;
      this.#aggregates.set(owner, known);
    }
    for (const flaw of this.#found) this.#damages.push(flaw);
    this.#events += this.#sectionEvents;
    this.#size = line.end;
    this.#end = end;
    this.#runs = [];
    this.#found = [];
    this.#lines = 0;
    this.#sectionEvents = 0;
    this.#digest = createHash('sha256');
  }
}

function noEntry(outline: Outline | undefined): string | undefined {
  return outline === undefined ? 'it is none of event, record, request, client, ring and end' : undefined;
}
