/** An audit export that is read: for a check without the registry, and for whoever rebuilds one from it. */
import { open, type FileHandle } from 'node:fs/promises';
import {
  AccessDeniedError,
  aggregateName,
  aggregateRef,
  ApikeyError,
  InvalidValueError,
  NotFoundError,
  parseExportEntry,
  type AuditEvent,
  type AuditSource,
  type ExportEntry,
  type ExportHeader,
  type RequestRecord,
  type StoredAggregate,
  type TokenRecord,
} from '@apikey/shared';
import { systemReason } from '../failure.ts';
import { linesOf, valueOf, type Line } from './lines.ts';
import { scanExport, type Scan, type Stretch } from './scan.ts';

export class ExportFile implements AsyncDisposable {
  readonly scan: Scan;
  readonly #file: FileHandle;
  readonly #name: string;

  private constructor(file: FileHandle, name: string, scan: Scan) {
    this.#file = file;
    this.#name = name;
    this.scan = scan;
  }

  /**
   * Opens and scans it. Throws `FILE_NOT_FOUND`, `ACCESS_DENIED`, `INVALID_INPUT` for what is no file, and
   * `EXPORT_DAMAGED` for what is no export, or has no finished section.
   */
  static async open(path: string, onEvents?: (count: number) => void): Promise<ExportFile> {
    const file = await openExisting(path);
    try {
      const scan = await scanExport(file, path, onEvents);
      if (scan.end === undefined) throw neverFinished(path);
      return new ExportFile(file, path, scan);
    } catch (error) {
      await file.close();
      throw error instanceof ApikeyError ? error : cannotRead(path, error);
    }
  }

  get header(): ExportHeader {
    return this.scan.header;
  }

  /** Answers as a registry would. What cannot be parsed throws `STORE_DAMAGED` with its line. */
  get source(): AuditSource {
    return {
      survey: async () => {
        const { aggregates, events, damages } = this.scan;
        return { whole: 'export', aggregates: [...aggregates.keys()].toSorted().map(aggregateRef), events, damages };
      },
      stored: (ref) => this.#stored(aggregateName(ref)),
      eventsOf: (ref, fromSeq) => this.#events(aggregateName(ref), fromSeq),
      recordsOf: (client) => this.#records(`client:${client}`),
      getToken: async () => undefined,
      requestsOf: (client) => this.#requests(`client:${client}`),
      getRequest: async () => undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #stored(name: string): Promise<StoredAggregate | undefined> {
    const own = this.scan.aggregates.get(name)?.own;
    for await (const entry of this.#entries(own === undefined ? [] : [own])) {
      if (entry.type === 'client') return { aggregate: entry.client, settled: entry.settled };
      if (entry.type === 'ring') return { aggregate: entry.ring, settled: entry.settled };
    }
    return undefined;
  }

  async *#events(name: string, fromSeq: number): AsyncGenerator<AuditEvent> {
    const stretches = this.#stretches(name).filter(({ maxSeq }) => maxSeq >= fromSeq);
    for await (const entry of this.#entries(stretches, ['event'])) {
      if (entry.type === 'event' && entry.event.seq >= fromSeq) yield entry.event;
    }
  }

  /** A record that was exported again supersedes its older lines. Those that can be read come before the flaw. */
  async *#records(name: string): AsyncGenerator<TokenRecord> {
    const records = new Map<string, TokenRecord>();
    let flaw: unknown;
    for await (const line of this.#lines(this.#stretches(name))) {
      try {
        const entry = this.#parse(line, ['record']);
        if (entry?.type === 'record') records.set(entry.record.jti, entry.record);
      } catch (error) {
        flaw ??= error;
      }
    }
    yield* records.values();
    if (flaw !== undefined) throw flaw;
  }

  async *#requests(name: string): AsyncGenerator<RequestRecord> {
    for await (const entry of this.#entries(this.#stretches(name), ['request'])) {
      if (entry.type === 'request') yield entry.request;
    }
  }

  #stretches(name: string): readonly Stretch[] {
    return this.scan.aggregates.get(name)?.stretches ?? [];
  }

  async *#entries(stretches: readonly Stretch[], types?: readonly ExportEntry['type'][]): AsyncGenerator<ExportEntry> {
    for await (const line of this.#lines(stretches)) {
      const entry = this.#parse(line, types);
      if (entry !== undefined) yield entry;
    }
  }

  async *#lines(stretches: readonly Stretch[]): AsyncGenerator<Line> {
    for (const { offset, end, line: first } of stretches) {
      for await (const line of linesOf(this.#file, offset, end)) yield { ...line, number: first + line.number - 1 };
    }
  }

  /** @param types absent = all; lines of others are not parsed */
  #parse(line: Line, types?: readonly string[]): ExportEntry | undefined {
    const read = valueOf(line);
    const value = 'value' in read ? read.value : undefined;
    if (types !== undefined && !types.some((type) => isOfType(value, type))) return undefined;
    try {
      return parseExportEntry(value);
    } catch (error) {
      if (!(error instanceof ApikeyError)) throw error;
      const where = `${this.#name} line ${line.number}`;
      throw new ApikeyError('STORE_DAMAGED', `${where}: ${error.message}`, {
        ...(error.why === undefined ? {} : { why: error.why }),
        fix: 'export it anew, or use the copy of an earlier day',
        cause: error,
      });
    }
  }
}

function isOfType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type;
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw cannotRead(path, error);
  }
  throw new InvalidValueError('INVALID_INPUT', `${path} is not a file`, {
    why: 'an export is read more than once, and from its middle',
    fix: 'save it to a file first',
  });
}

function cannotRead(path: string, error: unknown): ApikeyError {
  const details = { why: systemReason(error), cause: error };
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return missing
    ? new NotFoundError('FILE_NOT_FOUND', `${path} does not exist`, details)
    : new AccessDeniedError('ACCESS_DENIED', `${path} cannot be read`, details);
}

function neverFinished(path: string): ApikeyError {
  return new ApikeyError('EXPORT_DAMAGED', `${path} holds no finished export`, {
    why: 'the run that began it was stopped before its end, or the end was cut off',
    fix: `finish it with: apikey audit export -o ${path} --append`,
  });
}
