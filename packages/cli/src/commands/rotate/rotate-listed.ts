/** Rotates one token of a bulk run, or finishes what an earlier run left of it. */
import { resolve } from 'node:path';
import {
  activateToken,
  ApikeyError,
  NotFoundError,
  readOwnToken,
  rotateToken,
  type ActivatedToken,
  type OperationDeps,
  type TokenRecord,
  type TokenSink,
} from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { fileSink } from '../../delivery/file.ts';
import { stdoutSink } from '../../delivery/stdout.ts';
import { readToken } from '../../token-input.ts';
import type { RotateAllOptions } from './options.ts';
import { rotationJson } from './rotation-json.ts';
import { graceEnd } from './words.ts';
import { jsonText } from '../../terminal/printable.ts';

/** Begins the request ids that bulk runs make up, by which a rerun knows what it may finish. */
const REQUEST_PREFIX = 'rotate-all.';

export interface BulkRotation {
  /** As typed. */
  readonly file: string | undefined;
  readonly options: RotateAllOptions;
  readonly settings: Settings;
  readonly context: Context;
}

/** @param listed the old token's record when the run began */
export async function rotateListed(
  deps: OperationDeps,
  { client, jti }: TokenRecord,
  { file, options, settings, context }: BulkRotation,
): Promise<ActivatedToken> {
  const old = await deps.registry.getToken(client, jti);
  if (old === undefined)
    throw new NotFoundError('TOKEN_NOT_FOUND', 'no such token', { why: 'it was there a moment ago' });
  const { takeOver, grace = settings.defaultGrace } = options.successor;
  const pending = takeOver ? undefined : await pendingSuccessor(deps, old);
  if (pending !== undefined && file !== undefined) {
    const finished = await finishDelivered(deps, pending, file, context);
    if (finished !== undefined) return finished;
  }
  const begun = pending?.requestId?.startsWith(REQUEST_PREFIX) === true ? pending.requestId : undefined;
  const sink =
    file === undefined
      ? jsonLineSink(deps, old, settings, context)
      : // What an unfinished run wrote was never live, nor will it be once this run has signed anew.
        fileSink(resolve(context.io.cwd, file), { replace: options.force || begun !== undefined });
  const requestId = begun ?? newRequestId(old);
  return rotateToken(deps, { ...options.successor, client, jti, grace, requestId }, sink);
}

/** Names the rotation of this token in its present state: the same for runs that race, another once a successor was revoked. */
function newRequestId({ jti, replacedBy }: TokenRecord): string {
  return `${REQUEST_PREFIX}${jti}${replacedBy === undefined ? '' : `.${replacedBy}`}`;
}

async function pendingSuccessor(
  { registry }: OperationDeps,
  { client, replacedBy }: TokenRecord,
): Promise<TokenRecord | undefined> {
  const successor = replacedBy === undefined ? undefined : await registry.getToken(client, replacedBy);
  return successor?.state === 'pending' ? successor : undefined;
}

/** The run before may have ended between delivery and activation: then its file holds the token, and is proof of it. */
async function finishDelivered(
  deps: OperationDeps,
  { client, jti, payloadSha256 }: TokenRecord,
  file: string,
  context: Context,
): Promise<ActivatedToken | undefined> {
  try {
    const token = await readToken({ file }, context);
    const own = await readOwnToken(deps, token);
    if (own.claims.jti !== jti || own.payloadSha256 !== payloadSha256) return undefined;
    return await activateToken(deps, { client, jti, token });
  } catch (error) {
    // No file, or none with a token in it: the rotation is begun anew.
    if (error instanceof ApikeyError && (error.code === 'FILE_NOT_FOUND' || error.code === 'INVALID_INPUT'))
      return undefined;
    throw error;
  }
}

function jsonLineSink(deps: OperationDeps, old: TokenRecord, settings: Settings, { io }: Context): TokenSink {
  return stdoutSink(io.stdout, (token, record) => {
    const graceUntil = graceEnd(old, record, deps.clock.now() / 1000);
    return jsonText({ token, ...rotationJson(record, graceUntil, settings.env.value) });
  });
}
