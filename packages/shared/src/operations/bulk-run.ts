/** What the parts of a bulk issue hand to each other. */
import { ApikeyError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import type { BulkFinding } from './bulk-survey.ts';
import type { BulkOutcome, BulkRequest } from './bulk-types.ts';
import type { Unsigned } from './compose.ts';
import type { ActiveKey } from './key-ring.ts';
import type { Pace } from './pace.ts';
import type { RingReads } from './ring-reads.ts';
import type { OperationDeps } from './types.ts';

/** What all batches of one bulk issue share. */
export interface BulkRun {
  readonly deps: OperationDeps;
  readonly sink: TokenSink;
  readonly pace: Pace;
  readonly rings: RingReads;
  readonly tell: (index: number, outcome: BulkOutcome) => void;
}

/** One request, its place among all of them, and what was found of it before. */
export interface BulkItem {
  readonly index: number;
  readonly request: BulkRequest;
  readonly finding: BulkFinding;
}

/** A pending record, and what is to be signed for it. */
export interface PreparedItem {
  readonly item: BulkItem;
  readonly record: TokenRecord;
  readonly unsigned: Unsigned;
  readonly active: ActiveKey;
  /** Of the client's lane, when the record was written. */
  readonly era: number;
  readonly registersClient: boolean;
  readonly resumes: boolean;
}

export interface DeliveredItem extends PreparedItem {
  readonly kmsRequestId: string | undefined;
}

export type Told = readonly [item: BulkItem, outcome: BulkOutcome];

/** Whatever is not an error of apikey's own is a bug, and is thrown on. */
export function failed(error: unknown): BulkOutcome {
  if (error instanceof ApikeyError) return { kind: 'failed', error };
  throw error;
}
