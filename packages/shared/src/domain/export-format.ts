/**
 * The lines of an audit export (JSON Lines): a header, then sections that each end with a line that says so. What
 * stands behind the last end was not finished and does not count. Described in `docs/audit.md`.
 */
import * as z from 'zod/mini';
import { ApikeyError } from './errors.ts';
import type { AuditEvent, Client, KeyRing, RequestRecord, TokenRecord } from './records.ts';
import { parseClient, parseEvent, parseKeyRing, parseRequest, parseTokenRecord } from './schema.ts';

export const EXPORT_TYPE = 'apikey-audit-export';
export const EXPORT_VERSION = 1;
/** No line that apikey writes comes near; what is longer is not read into memory. */
export const MAX_EXPORT_LINE: number = 4 * 1024 * 1024;

export interface ExportHeader {
  readonly type: typeof EXPORT_TYPE;
  readonly version: typeof EXPORT_VERSION;
  readonly env: string;
  readonly issuer: string;
  /** RFC 3339: when the file was begun. */
  readonly exportedAt: string;
}

/** Ends a section. */
export interface ExportEnd {
  readonly type: 'end';
  /** RFC 3339: when the section was finished. */
  readonly at: string;
  /** How many lines the section has without this one, and not counting the header. */
  readonly lines: number;
  /** SHA-256 of those lines with their line ends, 64 hex digits. */
  readonly sha256: string;
}

/** What a section holds. An aggregate's lines stand together: events, then records and requests, then itself. */
export type ExportEntry =
  | { readonly type: 'event'; readonly event: AuditEvent }
  | { readonly type: 'record'; readonly record: TokenRecord }
  | { readonly type: 'request'; readonly request: RequestRecord }
  /** `settled`: the records above, and those of earlier sections, are at least as new as this place in the chain. */
  | { readonly type: 'client'; readonly settled: number; readonly client: Client }
  | { readonly type: 'ring'; readonly settled: number; readonly ring: KeyRing };

const header = z.strictObject({
  type: z.literal(EXPORT_TYPE),
  version: z.literal(EXPORT_VERSION),
  env: z.string().check(z.minLength(1)),
  issuer: z.string().check(z.minLength(1)),
  exportedAt: z.string().check(z.minLength(1)),
});

const end = z.strictObject({
  type: z.literal('end'),
  at: z.string().check(z.minLength(1)),
  lines: z.int().check(z.gte(0)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

const settled = z.int().check(z.gte(0));
/** The members beside the entry itself, which the parsers of records take. */
const envelopes = {
  event: z.strictObject({ type: z.literal('event'), event: z.unknown() }),
  record: z.strictObject({ type: z.literal('record'), record: z.unknown() }),
  request: z.strictObject({ type: z.literal('request'), request: z.unknown() }),
  client: z.strictObject({ type: z.literal('client'), settled, client: z.unknown() }),
  ring: z.strictObject({ type: z.literal('ring'), settled, ring: z.unknown() }),
};
const entry = z.union([envelopes.event, envelopes.record, envelopes.request, envelopes.client, envelopes.ring]);

/** The header of an export; nothing for what is none. Throws `EXPORT_DAMAGED` for one of a newer version. */
export function parseExportHeader(value: unknown): ExportHeader | undefined {
  const named = z.safeParse(z.object({ type: z.literal(EXPORT_TYPE), version: z.number() }), value);
  if (named.success && named.data.version > EXPORT_VERSION) {
    throw new ApikeyError('EXPORT_DAMAGED', 'the export was made by a newer version of apikey', {
      why: `it has version ${named.data.version}, this apikey knows up to version ${EXPORT_VERSION}`,
      fix: 'update apikey',
    });
  }
  const parsed = z.safeParse(header, value);
  return parsed.success ? parsed.data : undefined;
}

/** The end of a section; nothing for any other line. */
export function parseExportEnd(value: unknown): ExportEnd | undefined {
  const parsed = z.safeParse(end, value);
  return parsed.success ? parsed.data : undefined;
}

/** Throws `STORE_DAMAGED` for what is no line of an export, or holds what no registry would. */
export function parseExportEntry(value: unknown): ExportEntry {
  const { success, data } = z.safeParse(entry, value);
  if (!success) {
    throw new ApikeyError('STORE_DAMAGED', 'a line of the export is not what apikey wrote', {
      why: 'it is none of event, record, request, client, ring and end, or has other members than it should',
    });
  }
  if (data.type === 'event') return { type: 'event', event: parseEvent(data.event) };
  if (data.type === 'record') return { type: 'record', record: parseTokenRecord(data.record) };
  if (data.type === 'request') return { type: 'request', request: parseRequest(data.request) };
  if (data.type === 'client') return { type: 'client', settled: data.settled, client: parseClient(data.client) };
  return { type: 'ring', settled: data.settled, ring: parseKeyRing(data.ring) };
}
