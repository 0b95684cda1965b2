/** Decisions as lines: JSON for programs, words for people. Written in batches, since a write waits for its reader. */
import { jsonText, printable } from '../terminal/printable.ts';
import type { GatewayReport, Subject } from './decisions.ts';

export type LogFormat = 'json' | 'text' | 'off';

const FLUSH_MILLIS = 100;
/** Flushed early, so that a busy gateway does not hold megabytes. */
const MAX_BATCH = 1_000;
/** Whoever asks chooses the path, so that no line may be as long as it. */
const MAX_PATH = 1_024;

export class Lines {
  readonly #write: (text: string) => void;
  #batch: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param write takes one or more lines, without the end of the last one */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add(line: string): void {
    this.#batch.push(line);
    if (this.#batch.length >= MAX_BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MILLIS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#write(batch.join('\n'));
  }
}

/** @param now milliseconds since 1970 */
export function decisionLine(
  format: Exclude<LogFormat, 'off'>,
  report: GatewayReport,
  { method, path, sourceAddress }: Subject,
  now: number,
): string {
  const at = new Date(now).toISOString();
  // A query may hold anything, keys of other services among it.
  const shownPath = path?.split('?', 1)[0]?.slice(0, MAX_PATH);
  const { allowed, reason, fault, public: isPublic, client, jti, kid, latencyMs, cache, problem, usage } = report;
  if (format === 'json') {
    const request = { method, path: shownPath, address: sourceAddress };
    // Members that are undefined do not appear in JSON.
    return jsonText({
      type: 'apikey.decision',
      at,
      allowed,
      reason,
      fault,
      public: isPublic,
      client,
      jti,
      kid,
      latencyMs,
      cache,
      problem,
      usage,
      ...request,
    });
  }
  const verdict = allowed
    ? isPublic === true
      ? 'public'
      : 'allowed'
    : fault === undefined
      ? `denied: ${reason ?? 'unknown'}`
      : `fault: ${fault}`;
  const who = client === undefined ? [] : [`${client} ${jti ?? ''}`];
  const what = shownPath === undefined ? [] : [`${method ?? ''} ${shownPath}`.trim()];
  const words = [verdict, ...what, ...who, sourceAddress ?? 'no address', `${latencyMs} ms`];
  return printable(`${at.slice(11, 19)}  ${words.join('  ')}`);
}

/** A token was ended by whoever held it. */
export function revocationLine(format: Exclude<LogFormat, 'off'>, jti: string, client: string, now: number): string {
  const at = new Date(now).toISOString();
  if (format === 'json') return jsonText({ type: 'apikey.revocation', at, client, jti });
  return `${at.slice(11, 19)}  revoked by its holder  ${client} ${jti}`;
}
