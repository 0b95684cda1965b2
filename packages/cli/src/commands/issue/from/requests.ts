/** Makes requests of the lines of a file, checks all of them before anything is done, and gives each its request id. */
import {
  ApikeyError,
  identifyIssue,
  parseAudience,
  parseClientId,
  parseDuration,
  parseRequestId,
  parseScopes,
  parseTime,
  sha256Hex,
  type BulkRequest,
  type IssueRequest,
} from '@apikey/shared';
import { parseFlag, parseSigningAlg } from '../../../command-line/parse-flag.ts';
import { parseNote } from '../../token-flags.ts';
import type { Column, Row } from './columns.ts';

/** What holds for lines that do not say otherwise. */
export type LineDefaults = Omit<IssueRequest, 'client' | 'requestId'>;

export interface BulkLine {
  readonly line: number;
  readonly request: BulkRequest;
}

/** A line that is wrong, and why. */
export interface LineFlaw {
  readonly line: number;
  readonly flaw: string;
}

export interface ParsedLines {
  readonly lines: readonly BulkLine[];
  readonly flaws: readonly LineFlaw[];
  /** By which the request ids that were made up begin. */
  readonly batch: string;
}

/** @param prefix what `--request-id` gave: the batch that the file is a part of, whatever else it holds */
export async function parseLines(
  rows: AsyncIterable<Row>,
  defaults: LineDefaults,
  prefix: string | undefined,
): Promise<ParsedLines> {
  const parsed: { readonly line: number; readonly request: IssueRequest }[] = [];
  const flaws: LineFlaw[] = [];
  for await (const row of rows) {
    const { line } = row;
    try {
      if (row.flaw === undefined) parsed.push({ line, request: requestOf(row.cells, defaults) });
      else flaws.push({ line, flaw: row.flaw });
    } catch (error) {
      if (!(error instanceof ApikeyError)) throw error;
      flaws.push({ line, flaw: error.message });
    }
  }
  const hashes = parsed.map(({ request }) => parameterHash(request));
  const batch = prefix ?? `file-${sha256Hex(hashes.join('\n')).slice(0, 16)}`;
  const ids = new RequestIds(batch);
  const lines: BulkLine[] = [];
  for (const [n, { line, request }] of parsed.entries()) {
    const hash = hashes[n] ?? '';
    const taken = ids.claim(line, request.requestId, hash);
    if ('flaw' in taken) flaws.push({ line, flaw: taken.flaw });
    else lines.push({ line, request: { ...request, requestId: taken.id } });
  }
  return { lines, flaws: flaws.toSorted((a, b) => a.line - b.line), batch };
}

function parameterHash(request: IssueRequest): string {
  return identifyIssue({ ...request, requestId: '-' })?.parameterHash ?? '';
}

/** Gives out request ids: the same for every run of the same lines. */
class RequestIds {
  readonly #batch: string;
  /** Those that lines gave themselves. */
  readonly #given = new Map<string, { readonly line: number; readonly hash: string }>();
  readonly #alike = new Map<string, number>();

  constructor(batch: string) {
    this.#batch = batch;
  }

  claim(line: number, given: string | undefined, hash: string): { readonly id: string } | { readonly flaw: string } {
    if (given === undefined) {
      // Lines that are alike ask for as many tokens.
      const nth = (this.#alike.get(hash) ?? 0) + 1;
      this.#alike.set(hash, nth);
      return { id: `${this.#batch}.${hash.slice(0, 32)}.${nth}` };
    }
    const before = this.#given.get(given);
    if (before === undefined) {
      this.#given.set(given, { line, hash });
      return { id: given };
    }
    return {
      flaw:
        before.hash === hash
          ? `it repeats line ${before.line}, request id included`
          : `line ${before.line} uses its request id for something else`,
    };
  }
}

function requestOf(cells: ReadonlyMap<Column, readonly string[]>, defaults: LineDefaults): IssueRequest {
  const one = <T>(column: Column, parse: (text: string) => T): T | undefined => {
    const [text] = cells.get(column) ?? [];
    return text === undefined ? undefined : parseFlag(column, text, parse);
  };
  const client = one('client', parseClientId);
  if (client === undefined) throw new ApikeyError('INVALID_CLIENT', 'it names no client');
  const ttl = one('ttl', parseDuration);
  const expiresAt = one('expires', parseTime);
  if (ttl !== undefined && expiresAt !== undefined)
    throw new ApikeyError('USAGE', 'ttl and expires exclude each other');
  const notBefore = one('not_before', parseTime);
  const alg = one('alg', parseSigningAlg);
  const note = one('note', parseNote);
  const requestId = one('request_id', parseRequestId);
  const ownLife = ttl !== undefined || expiresAt !== undefined;
  const { ttl: _ttl, expiresAt: _expiresAt, ...timeless } = defaults;
  return {
    ...(ownLife ? timeless : defaults),
    ...(ttl === undefined ? {} : { ttl }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(alg === undefined ? {} : { alg }),
    ...(note === undefined ? {} : { note }),
    ...(requestId === undefined ? {} : { requestId }),
    client,
    scopes: listOf(cells.get('scope'), 'scope', (text) => parseScopes([text])) ?? defaults.scopes,
    audience: listOf(cells.get('audience'), 'audience', (text) => [parseAudience(text)]) ?? defaults.audience,
  };
}

/** Texts that hold several values, separated by spaces. */
function listOf(
  texts: readonly string[] | undefined,
  column: Column,
  parse: (text: string) => readonly string[],
): string[] | undefined {
  const words = texts?.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '');
  if (words === undefined) return undefined;
  const values = words.flatMap((word) => parseFlag(column, word, parse));
  return column === 'scope' ? parseScopes(values) : values;
}
