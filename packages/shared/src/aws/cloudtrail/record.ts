/** One record of CloudTrail, read as far as signing is concerned (AWS KMS Developer Guide, "Sign" log entries). */
import * as z from 'zod/mini';
import { InvalidStateError } from '../../ports/errors.ts';
import type { SignLogEntry } from '../../ports/sign-log.ts';

/** What every record has. */
const any = z.object({
  eventTime: z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)),
  eventSource: z.string(),
  eventName: z.string(),
});

const text = z.string().check(z.minLength(1));
const signRecord = z.object({
  requestID: text,
  eventID: text,
  userIdentity: z.object({
    type: text,
    arn: z.optional(text),
    principalId: z.optional(text),
    invokedBy: z.optional(text),
  }),
  errorCode: z.optional(z.nullable(z.string())),
  requestParameters: z.optional(z.nullable(z.object({ keyId: z.optional(z.nullable(z.string())) }))),
  resources: z.optional(z.nullable(z.array(z.object({ ARN: z.optional(z.string()) })))),
});

/** @param source names the file, for the error */
export function readRecord(value: unknown, source: string): SignLogEntry {
  const record = any.safeParse(value);
  if (!record.success) throw damagedEvidence(source, 'a record has no time, source or name');
  const { eventTime, eventSource, eventName } = record.data;
  const at = Date.parse(eventTime);
  if (Number.isNaN(at)) throw damagedEvidence(source, 'the time of a record is none');
  if (eventSource !== 'kms.amazonaws.com' || eventName !== 'Sign') return { at };
  const sign = signRecord.safeParse(value);
  if (!sign.success) throw damagedEvidence(source, `a Sign record lacks ${sign.error.issues[0]?.path.join('.') ?? ''}`);
  const { requestID, eventID, userIdentity, errorCode, requestParameters, resources } = sign.data;
  const { arn, invokedBy, principalId, type } = userIdentity;
  return {
    requestId: requestID,
    eventId: eventID,
    at,
    principal: arn ?? invokedBy ?? principalId ?? type,
    // The parameter is what the caller wrote: an id or an alias. A call that was refused may name no key at all.
    keyArn: resources?.find(({ ARN }) => ARN?.includes(':key/'))?.ARN ?? requestParameters?.keyId ?? '',
    signed: errorCode === undefined || errorCode === null || errorCode === '',
  };
}

export function damagedEvidence(source: string, why: string, cause?: unknown): InvalidStateError {
  return new InvalidStateError('EVIDENCE_DAMAGED', `${source} is not a whole CloudTrail log file`, {
    why,
    fix: 'fetch it again; `aws cloudtrail validate-logs` tells whether the one in the bucket is what was delivered',
    cause,
  });
}
