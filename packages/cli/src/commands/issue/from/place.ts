/** Where the tokens of a file go, seen alike: what earlier runs left there, and a sink for what is new. */
import { resolve } from 'node:path';
import {
  ApikeyError,
  NotFoundError,
  RefusedError,
  type BulkFinding,
  type TokenRecord,
  type TokenSink,
} from '@apikey/shared';
import type { Context } from '../../../context.ts';
import { requireReader, stdoutLines } from '../../../delivery/stdout.ts';
import { TokenDirectory } from '../../../delivery/token-directory.ts';
import { TokenLines } from '../../../delivery/token-lines.ts';
import { fileNames } from './file-names.ts';
import type { BulkTarget } from './options.ts';
import type { BulkLine, ParsedLines } from './requests.ts';
import { jsonText } from '../../../terminal/printable.ts';

export interface BulkPlace extends Disposable {
  readonly sink: TokenSink;
  /** Why the token of this line cannot be put here, before anything is issued. */
  obstacle(line: BulkLine, finding: BulkFinding): ApikeyError | undefined;
  /** Why the token of a request that is completed is not here. */
  missing(line: BulkLine, record: TokenRecord): ApikeyError | undefined;
  /** Gets ready to take tokens; `findings` are those of the lines. */
  begin(findings: readonly BulkFinding[]): Promise<void>;
  /** The file with the token of this line, as typed. */
  fileOf(line: BulkLine): string | undefined;
}

const NAME_A_PLACE = 'add --out-dir DIR or -o FILE instead of --json, or let another command read it';

/** @param json what stands beside each token where it is a line of JSON; `look` = nothing will be written */
export async function openPlace(
  target: BulkTarget,
  { lines, batch }: Pick<ParsedLines, 'lines' | 'batch'>,
  json: (record: TokenRecord) => object,
  { look }: { readonly look: boolean },
  { io }: Context,
): Promise<BulkPlace> {
  const numbers = new Map(lines.map(({ line, request }) => [request.requestId, line]));
  const form = (token: string, record: TokenRecord): string =>
    jsonText({ token, ...json(record), line: numbers.get(record.requestId ?? '') });
  if (target.kind === 'stdout' && !look) requireReader(io.stdout, NAME_A_PLACE);
  if (target.kind === 'stdout') return stdoutPlace(stdoutLines(io.stdout, form));
  const path = resolve(io.cwd, target.path);
  if (target.kind === 'lines') {
    return linesPlace(target.path, await (look ? TokenLines.look(path) : TokenLines.open(path)), lines, batch, form);
  }
  return directoryPlace(target.path, look ? TokenDirectory.look(path) : TokenDirectory.open(path), lines, batch);
}

function directoryPlace(
  typed: string,
  directory: TokenDirectory,
  lines: readonly BulkLine[],
  batch: string,
): BulkPlace {
  const names = fileNames(lines);
  const nameOf = (requestId: string | undefined): string => {
    const name = names.get(requestId ?? '');
    if (name === undefined) throw new TypeError('a token of no line');
    return name;
  };
  const fileOf = ({ request }: BulkLine): string => `${typed.replace(/\/$/, '')}/${nameOf(request.requestId)}`;
  return {
    sink: directory.sink(({ requestId }) => nameOf(requestId)),
    fileOf,
    obstacle: (line, finding) => {
      const held = directory.read(nameOf(line.request.requestId));
      if (held === undefined || finding.kind === 'refused' || finding.kind === 'unlawful') return undefined;
      // Of a token that is pending, the file of an earlier try may be there: worth nothing, and replaced.
      if (finding.kind === 'pending' && held === 'torn') return undefined;
      if (finding.kind !== 'new' && typeof held === 'object' && held.jti === finding.record.jti) return undefined;
      return new RefusedError('FILE_EXISTS', `${fileOf(line)} exists`, {
        why: 'it holds something else than the token of this line',
        fix: 'name another directory; if a file was edited that was issued there before, add the --request-id that its run named',
      });
    },
    missing: (line, { jti, payloadSha256 }) => {
      const held = directory.read(nameOf(line.request.requestId));
      const here = typeof held === 'object' && held.payloadSha256 === payloadSha256;
      return here ? undefined : lost(jti, fileOf(line), batch);
    },
    begin: async () => {},
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function linesPlace(
  typed: string,
  file: TokenLines,
  lines: readonly BulkLine[],
  batch: string,
  form: (token: string, record: TokenRecord) => string,
): BulkPlace {
  const known = new Set(lines.map(({ request }) => request.requestId));
  for (const { requestId } of file.lines) {
    if (requestId !== undefined && known.has(requestId)) continue;
    file[Symbol.dispose]();
    throw new RefusedError('FILE_EXISTS', `${typed} exists, and holds tokens of something else`, {
      why: 'a line in it belongs to no line of the file to issue from',
      fix: 'name another file',
    });
  }
  return {
    sink: file.sink(form),
    fileOf: () => typed,
    obstacle: () => undefined,
    missing: (_, { jti, payloadSha256 }) =>
      file.read(jti)?.payloadSha256 === payloadSha256 ? undefined : lost(jti, `its line in ${typed}`, batch),
    begin: async (findings) => {
      // What was written for a token that is still pending is worth nothing: another will be written.
      const dead = new Set(findings.flatMap((it) => (it.kind === 'pending' ? [it.record.jti] : [])));
      await file.begin(({ jti }) => !dead.has(jti));
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** Nobody can tell what a reader of standard output has kept. */
function stdoutPlace(sink: TokenSink): BulkPlace {
  return {
    sink,
    fileOf: () => undefined,
    obstacle: () => undefined,
    missing: () => undefined,
    begin: async () => {},
    [Symbol.dispose]: () => {},
  };
}

function lost(jti: string, place: string, batch: string): NotFoundError {
  return new NotFoundError('FILE_NOT_FOUND', `${place} is gone, and with it the token`, {
    why: `token ${jti} was issued before, and is stored nowhere else`,
    fix: `apikey revoke ${jti}, give the line a request_id of its own, and run it again with --request-id ${batch}`,
  });
}
