/** Reads the head of an upstream's answer, and refuses one that cannot be passed on as it is. */
import { validateHeaderName, validateHeaderValue, type IncomingMessage } from 'node:http';
import { MalformedAnswer } from './failures.ts';
import { endToEnd } from './request-headers.ts';

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn, without those of the hop to the upstream. */
  readonly headers: string[];
}

const HAS_NO_LENGTH: ReadonlySet<number> = new Set([101, 204]);

/** Throws `MalformedAnswer`. */
export function readHead(answer: IncomingMessage): AnswerHead {
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, httpVersionMajor } = answer;
  if (httpVersionMajor !== 1) throw new MalformedAnswer('HTTP_VERSION');
  // RFC 9110 section 15: a status outside 100 to 599 is invalid. An informational one is no answer, but for 101.
  if (status !== 101 && (status < 200 || status > 599)) throw new MalformedAnswer('INVALID_STATUS');
  if (hasControl(reason)) throw new MalformedAnswer('INVALID_REASON');
  checkFields(rawHeaders);
  const encoding = answer.headers['transfer-encoding'];
  const length = answer.headers['content-length'];
  // RFC 9112 section 6.1 and 6.3: another encoding would have to be passed on by its name, which is of one hop.
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') throw new MalformedAnswer('ENCODING');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new MalformedAnswer('INVALID_LENGTH');
  const headers = endToEnd(rawHeaders, answer.headers.connection);
  if (!HAS_NO_LENGTH.has(status)) return { status, reason, headers };
  if (encoding !== undefined || (length !== undefined && Number(length) !== 0)) throw new MalformedAnswer('HAS_BODY');
  return { status, reason, headers: without(headers, 'content-length') };
}

function checkFields(rawHeaders: readonly string[]): void {
  try {
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch {
    throw new MalformedAnswer('INVALID_HEADER');
  }
}

/** Anything that node:http would refuse to write, or that a client could take for the end of the line. */
function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return /[^\t\x20-\x7e\x80-\xff]/.test(text);
}

function without(headers: readonly string[], dropped: string): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== dropped);
}
