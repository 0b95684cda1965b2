/** The signing calls of a log, each once, as far as they concern the keys of a ring. */
import type { EpochMillis } from '../domain/records.ts';
import type { SignCall, SignLogEntry } from '../ports/sign-log.ts';

export class SignLedger {
  readonly #keys: ReadonlyMap<string, string>;
  readonly #named: ReadonlySet<string>;
  readonly #calls = new Map<string, SignCall>();
  /** Calls that bear the request id of another. No service gives one out twice: each has to be accounted for. */
  readonly #others: SignCall[] = [];
  readonly #seen = new Set<string>();
  #duplicates = 0;
  #unsigned = 0;
  #otherKeys = 0;
  #first: EpochMillis = Infinity;
  #last: EpochMillis = -Infinity;

  /** @param keys what the log calls the keys of the ring, by `kid` */
  constructor(keys: ReadonlyMap<string, string>) {
    this.#keys = new Map([...keys].map(([kid, arn]) => [kid, sameEverywhere(arn)]));
    this.#named = new Set(this.#keys.values());
  }

  /** Entries may come in any order, and more than once. */
  add(entry: SignLogEntry): void {
    this.#first = Math.min(this.#first, entry.at);
    this.#last = Math.max(this.#last, entry.at);
    if (!('requestId' in entry)) return;
    const call = { ...entry, keyArn: this.#arnOf(entry.keyArn) };
    if (this.#named.has(sameEverywhere(call.keyArn)) || mayBeAny(call)) this.#keep(call);
    else this.#otherKeys += 1;
  }

  /** From the first entry to the last; absent while there is none. */
  get span(): { readonly from: EpochMillis; readonly until: EpochMillis } | undefined {
    return this.#first > this.#last ? undefined : { from: this.#first, until: this.#last };
  }

  get ignored(): { readonly duplicates: number; readonly unsigned: number; readonly otherKeys: number } {
    return { duplicates: this.#duplicates, unsigned: this.#unsigned, otherKeys: this.#otherKeys };
  }

  call(requestId: string): SignCall | undefined {
    return this.#calls.get(requestId);
  }

  /** By time, then id, so that a report reads the same whatever order the files came in. */
  calls(): readonly SignCall[] {
    return [...this.#calls.values(), ...this.#others].toSorted(
      (a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1),
    );
  }

  knowsKey(kid: string): boolean {
    return this.#keys.has(kid);
  }

  /** The key of the ring that the log calls so; absent for an alias. */
  kidOf(keyArn: string): string | undefined {
    const name = sameEverywhere(keyArn);
    return [...this.#keys].find(([, arn]) => arn === name)?.[0];
  }

  isKey(kid: string, keyArn: string): boolean {
    return this.#keys.get(kid) === sameEverywhere(keyArn);
  }

  #keep(call: SignCall): void {
    // The whole of it: an id alone could hide one entry behind another.
    const { eventId, requestId, at, principal, keyArn, signed } = call;
    const entry = JSON.stringify([eventId, requestId, at, principal, keyArn, signed]);
    if (this.#seen.has(entry)) this.#duplicates += 1;
    else if (!signed) this.#unsigned += 1;
    else if (this.#calls.has(requestId)) this.#others.push(call);
    else this.#calls.set(requestId, call);
    this.#seen.add(entry);
  }

  /** A key may have been named by its id alone. */
  #arnOf(name: string): string {
    if (!/^[\w-]+$/.test(name)) return name;
    return [...this.#named].find((arn) => arn.endsWith(`:key/${name}`)) ?? name;
  }
}

/** An alias does not say which key it stood for then: what was signed by it must not pass for another key's. */
function mayBeAny({ keyArn, signed }: SignCall): boolean {
  return signed && /(?:^|:)alias\//.test(keyArn);
}

/** A multi-Region key is one key, and signs in each of its Regions. */
function sameEverywhere(arn: string): string {
  return arn.replace(/^(arn:[^:]*:kms):[^:]*(:\d*:key\/mrk-)/, '$1:*$2');
}
