/** What is wrong with the head of a request, whatever it asks for. */
import type { IncomingMessage } from 'node:http';
import { hasPlainHost } from '@apikey/authorizer';
import type { RefusalReason } from './decisions.ts';

export interface HeadTrouble {
  readonly reason: RefusalReason;
  readonly status: number;
}

export function headTrouble({ headers, httpVersionMinor, rawHeaders }: IncomingMessage): HeadTrouble | undefined {
  // RFC 9112 section 3.2: one host from HTTP/1.1 on, and 400 for anything else.
  const lacksHost = headers.host === undefined && httpVersionMinor > 0;
  if (lacksHost || !hasPlainHost(rawHeaders)) return { reason: 'unreadable_request', status: 400 };
  const { expect } = headers;
  if (expect === undefined || expect.toLowerCase() === '100-continue') return undefined;
  return { reason: 'unsupported_expectation', status: 417 };
}
