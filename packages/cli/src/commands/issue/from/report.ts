/** Tells what becomes of each line of a file while it is worked through, and sums up. */
import { ApikeyError, type BulkOutcome, type TokenRecord } from '@apikey/shared';
import { bulkFailed, failedLine } from '../../../bulk.ts';
import type { Settings } from '../../../config/resolve.ts';
import type { Context } from '../../../context.ts';
import { counted } from '../../../counted.ts';
import { progress, type Progress } from '../../../terminal/progress.ts';
import { issuedJson } from '../../../token-json.ts';
import type { BulkTarget } from './options.ts';
import type { BulkPlace } from './place.ts';
import type { BulkLine } from './requests.ts';
import { doneWords } from './words.ts';
import { jsonText } from '../../../terminal/printable.ts';

export interface BulkSubject {
  readonly lines: readonly BulkLine[];
  /** By which the request ids that were made up begin. */
  readonly batch: string;
  readonly place: BulkPlace;
  readonly target: BulkTarget;
  /** The file's, as typed. */
  readonly name: string;
  readonly settings: Settings;
}

export class BulkReport {
  readonly #subject: BulkSubject;
  readonly #context: Context;
  readonly #progress: Progress;
  readonly #failures: string[] = [];
  #issued = 0;
  #already = 0;
  #newClients = 0;

  constructor(subject: BulkSubject, context: Context) {
    this.#subject = subject;
    this.#context = context;
    this.#progress = progress('issued', subject.lines.length, context);
  }

  /** What an edited file would do under other request ids. */
  get #again(): string {
    return (
      'run the same command again: it goes on where this one stopped, and issues nothing twice; ' +
      `if you edit the file, add --request-id ${this.#subject.batch}`
    );
  }

  begin(): void {
    this.#context.onInterrupt({ endsItself: true, why: 'some tokens were issued', fix: this.#again });
    this.#context.io.interrupted.addEventListener('abort', () => {
      this.#context.terminal.say('Finishing what is under way; Ctrl-C again stops at once');
    });
    this.#progress.advance(0);
  }

  tell(index: number, outcome: BulkOutcome): void {
    const { lines, place } = this.#subject;
    const line = lines[index];
    if (line === undefined) throw new TypeError('an outcome of no line');
    this.#progress.advance();
    if (outcome.kind === 'failed') {
      this.#fail(line, outcome.error);
      return;
    }
    const missing = outcome.kind === 'already' ? place.missing(line, outcome.record) : undefined;
    if (missing !== undefined) {
      this.#fail(line, missing);
      return;
    }
    if (outcome.kind === 'already') this.#already += 1;
    else {
      this.#issued += 1;
      if (outcome.registersClient) this.#newClients += 1;
    }
    this.#tellDone(line, outcome.record, outcome.kind === 'already');
  }

  /** Throws unless every line is done. */
  end(untried: number, interrupted: boolean): void {
    const { lines, target, settings } = this.#subject;
    const { terminal } = this.#context;
    const done = this.#issued + this.#already;
    if (interrupted && done < lines.length) {
      throw new ApikeyError('INTERRUPTED', 'interrupted', {
        why:
          `${this.#issued} of ${counted(lines.length, 'token')} were issued now` +
          `${this.#already === 0 ? '' : `, ${this.#already} before`}; ${lines.length - done} are left`,
        fix: this.#again,
      });
    }
    if (done < lines.length) {
      throw bulkFailed({ failures: this.#failures, untried, total: lines.length, done: 'issued', fix: this.#again });
    }
    const numbers = { issued: this.#issued, already: this.#already, newClients: this.#newClients };
    terminal.say(doneWords(numbers, target, settings, terminal.aside));
  }

  /** With tokens on standard output, the line of JSON with the token was it. */
  #tellDone({ line, request }: BulkLine, record: TokenRecord, alreadyIssued: boolean): void {
    const { place, target, settings } = this.#subject;
    const { terminal } = this.#context;
    if (!terminal.json || (target.kind === 'stdout' && !alreadyIssued)) return;
    const tokenFile = place.fileOf({ line, request });
    terminal.print(
      jsonText({
        ...(tokenFile === undefined ? {} : { tokenFile }),
        ...issuedJson(record),
        env: settings.env.value,
        line,
        alreadyIssued,
      }),
    );
  }

  #fail({ line, request: { client, requestId } }: BulkLine, error: ApikeyError): void {
    const { name, settings } = this.#subject;
    const { terminal } = this.#context;
    const { code, message, why = null, fix = null, retryable } = error;
    const where = `${name}:${line} ${client}`;
    this.#failures.push(`${where}: ${message} (${code})`);
    if (terminal.json) {
      const json = { line, client, requestId, env: settings.env.value, error: { code, message, why, fix, retryable } };
      terminal.print(jsonText(json));
    }
    terminal.warn(failedLine(where, { message, why: error.why, code }, terminal));
  }
}
