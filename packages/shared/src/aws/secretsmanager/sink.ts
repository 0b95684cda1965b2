/**
 * Delivers tokens into AWS Secrets Manager. A token is first a version under a label of its own, which no reader asks
 * for; then `AWSCURRENT` moves there, from the version that was read and from no other.
 */
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenRecord } from '../../domain/records.ts';
import { UnavailableError } from '../../ports/errors.ts';
import type { StagedSink } from '../../ports/token-sink.ts';
import { isTokenOf, notHeld, requireNoRival, type Expectation } from '../stored-token.ts';
import { LabelMoved, SecretCalls, type SecretFacts, type SecretsTarget } from './calls.ts';
import { placeName, shownIn, unsuitable, valueWith, type SecretPlace, type SecretValue } from './place.ts';

const CURRENT = 'AWSCURRENT';
/** For all tries to move the label, in milliseconds, and the longest pause between two. */
const MOVE_BUDGET = 20_000;
const LONGEST_PAUSE = 500;

export interface SecretSinkOptions extends SecretPlace, SecretsTarget {}

/** Throws port errors; `SECRET_NOT_FOUND` and `SECRET_UNSUITABLE` from `check`, before anything is signed. */
export function secretSink(options: SecretSinkOptions): StagedSink & { close(): void } {
  return new SecretSink(options);
}

/** What readers get at one moment. */
interface Shown {
  readonly facts: SecretFacts;
  /** Absent where no version has the label yet. */
  readonly version: string | undefined;
  readonly value: SecretValue | undefined;
  /** What stands in the place. */
  readonly text: string | undefined;
}

class SecretSink implements StagedSink {
  readonly #place: SecretPlace;
  readonly #calls: SecretCalls;
  /** What this process found when it laid a token aside, by `jti`. */
  readonly #expected = new Map<string, Expectation>();
  /** What `check` found. */
  #value: SecretValue | undefined;

  constructor({ secret, key, ...target }: SecretSinkOptions) {
    this.#place = { secret, key };
    this.#calls = new SecretCalls(secret, target);
  }

  async check(): Promise<void> {
    const { facts, value } = await this.#shown();
    const { deleted, primaryRegion } = facts;
    this.#value = value;
    const { secret } = this.#place;
    if (deleted) {
      throw unsuitable(
        this.#place,
        'it is scheduled for deletion',
        `aws secretsmanager restore-secret --secret-id ${secret}`,
      );
    }
    if (primaryRegion !== undefined) {
      throw unsuitable(
        this.#place,
        `it is a replica, written in ${primaryRegion}`,
        'name it by its ARN in that Region',
      );
    }
  }

  requireRoom(length: number): void {
    // A token has only characters that JSON does not escape.
    valueWith(this.#place, this.#value, 'x'.repeat(length));
  }

  async deliver(token: string, record: TokenRecord): Promise<void> {
    const shown = await this.#shown();
    this.#expected.set(record.jti, { shown: shown.text });
    const version = this.#versionFor(record, shown);
    const value = valueWith(this.#place, shown.value, token);
    // What an earlier run of the request laid aside: another token of the same id, which will never be live.
    if (shown.facts.labelled(labelOf(record)) !== undefined) await this.#unlabel(labelOf(record));
    await this.#calls.put(version, value, labelOf(record));
  }

  async promote(record: TokenRecord): Promise<string> {
    const end = performance.now() + MOVE_BUDGET;
    for (let pause = 10; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.#tryPromote(record);
      } catch (error) {
        if (!(error instanceof LabelMoved)) throw error;
        if (performance.now() >= end) throw stillMoving(this.#place, error);
        await sleep(Math.random() * pause);
      }
    }
  }

  staging(record: Pick<TokenRecord, 'jti'>): string {
    return `the version with the staging label ${labelOf(record)} of ${this.#place.secret}`;
  }

  close(): void {
    this.#calls.close();
  }

  /** One try: throws `LabelMoved` where somebody else was faster. */
  async #tryPromote(record: TokenRecord): Promise<string> {
    const shown = await this.#shown();
    const label = labelOf(record);
    const staged = shown.facts.labelled(label);
    if (shown.version !== undefined && isTokenOf(shown.text, record)) {
      await this.#unlabel(label);
      return shown.version;
    }
    const expected = this.#expected.get(record.jti);
    requireNoRival(shown.text, expected, record, placeName(this.#place));
    // A label that this process gave a moment ago may not be seen everywhere at once.
    if (staged === undefined && expected !== undefined) throw new LabelMoved('the staging label is not seen yet');
    if (staged === undefined) throw notHeld(record, placeName(this.#place));
    const version = this.#versionFor(record, shown);
    // What was laid aside is made of another version than the one that is shown now: its other members may be old.
    if (staged !== version) await this.#restage(record, staged, version, shown);
    await this.#calls.move(CURRENT, shown.version, version);
    await this.#unlabel(label);
    return version;
  }

  async #restage(record: TokenRecord, staged: string, version: string, shown: Shown): Promise<void> {
    const token = shownIn(this.#place, await this.#calls.valueOf(staged));
    if (token === undefined || !isTokenOf(token, record)) throw notHeld(record, placeName(this.#place));
    await this.#calls.put(version, valueWith(this.#place, shown.value, token), labelOf(record));
  }

  async #shown(): Promise<Shown> {
    const facts = await this.#calls.describe();
    const version = facts.deleted ? undefined : facts.labelled(CURRENT);
    const value = version === undefined ? undefined : await this.#calls.valueOf(version);
    return { facts, version, value, text: shownIn(this.#place, value) };
  }

  /** AWS moves a label that is given to another version; whatever does not is tidied up just the same. */
  async #unlabel(label: string): Promise<void> {
    for (;;) {
      const version = (await this.#calls.describe()).labelled(label);
      if (version === undefined) return;
      await this.#calls.move(label, version, undefined).catch((error: unknown) => {
        // The answer to an earlier try was lost.
        if (!(error instanceof LabelMoved)) throw error;
      });
    }
  }

  /**
   * The id of the version that holds this token over what is shown: derived from both, so that a call whose answer
   * was lost makes no second version, and that a version made of something older is known by its id.
   */
  #versionFor({ payloadSha256 }: TokenRecord, { version }: Pick<Shown, 'version'>): string {
    const digest = hash('sha256', [payloadSha256, this.#place.key ?? '', version ?? ''].join('\n'), 'hex');
    // RFC 9562 section 5.8: version 8, variant 10.
    const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`, `a${digest.slice(17, 20)}`];
    return [...parts, digest.slice(20, 32)].join('-');
  }
}

function labelOf({ jti }: Pick<TokenRecord, 'jti'>): string {
  return `APIKEY-${jti}`;
}

function stillMoving(place: SecretPlace, cause: unknown): UnavailableError {
  return new UnavailableError(`${CURRENT} of ${placeName(place)} could not be moved`, {
    why: `for ${MOVE_BUDGET / 1000} seconds others moved its labels between every read and write`,
    cause,
  });
}
