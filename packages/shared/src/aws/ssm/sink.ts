/**
 * Delivers tokens into AWS Systems Manager Parameter Store. Readers of a parameter get its newest version, so a token
 * is first a parameter beside it; once it is live it is written where they look.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../../domain/errors.ts';
import type { TokenRecord } from '../../domain/records.ts';
import { UnavailableError } from '../../ports/errors.ts';
import type { StagedSink } from '../../ports/token-sink.ts';
import { isTokenOf, notHeld, requireNoRival, rivalOf, type Expectation } from '../stored-token.ts';
import { ParameterCalls, type ParametersTarget, type ParameterValue } from './calls.ts';

/** In bytes, of an advanced parameter (https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm). */
const MAX_VALUE = 8_192;
/** Reads that may be older than the write before them are repeated: how often, and after how many milliseconds. */
const READS = 5;
const PAUSE = 200;

export interface ParameterSinkOptions extends ParametersTarget {
  /** `/path/of/the/parameter` */
  readonly path: string;
}

/** Throws port errors; `SECRET_UNSUITABLE` from `check`, before anything is signed. */
export function parameterSink(options: ParameterSinkOptions): StagedSink & { close(): void } {
  return new ParameterSink(options);
}

/** Begins the names of parameters that wait for their turn: `/path.apikey-<jti>`. */
const STAGING_SUFFIX = '.apikey-';

class ParameterSink implements StagedSink {
  readonly #path: string;
  readonly #calls: ParameterCalls;
  /** What this process found when it laid a token aside, by `jti`. */
  readonly #expected = new Map<string, Expectation>();

  constructor({ path, ...target }: ParameterSinkOptions) {
    this.#path = path;
    this.#calls = new ParameterCalls(target);
  }

  async check(): Promise<void> {
    const facts = await this.#calls.describe(this.#path);
    if (facts === undefined || facts.type === 'SecureString') return;
    throw new RefusedError('SECRET_UNSUITABLE', `${this.#name} cannot take a token`, {
      why: `it is a ${facts.type ?? 'parameter without a type'} and no SecureString: the token would lie there unencrypted`,
      fix: 'name another parameter: one that does not exist yet is made as a SecureString',
    });
  }

  requireRoom(length: number): void {
    if (length <= MAX_VALUE) return;
    throw new RefusedError('SECRET_UNSUITABLE', `${this.#name} cannot take this token`, {
      why: `it is longer than the ${MAX_VALUE} bytes of a parameter`,
      fix: 'grant fewer scopes, or use Secrets Manager',
    });
  }

  async deliver(token: string, record: TokenRecord): Promise<void> {
    this.requireRoom(token.length);
    const shown = await this.#calls.read(this.#path);
    this.#expected.set(record.jti, { shown: shown?.value });
    await this.#write(this.#stagingPath(record), token);
  }

  async promote(record: TokenRecord): Promise<string> {
    const staged = this.#stagingPath(record);
    const shown = await this.#calls.read(this.#path);
    let version = shown?.version;
    if (!isTokenOf(shown?.value, record)) {
      const token = (await this.#calls.read(staged))?.value;
      if (token === undefined || !isTokenOf(token, record)) throw notHeld(record, this.#name);
      requireNoRival(shown?.value, this.#expected.get(record.jti), record, this.#name);
      version = await this.#write(this.#path, token);
      await this.#requireSuccession(shown, version, record);
    }
    await this.#calls.remove(staged);
    return String(version);
  }

  staging(record: Pick<TokenRecord, 'jti'>): string {
    return `the parameter ${this.#stagingPath(record)}`;
  }

  close(): void {
    this.#calls.close();
  }

  get #name(): string {
    return `ssm:${this.#path}`;
  }

  #stagingPath({ jti }: Pick<TokenRecord, 'jti'>): string {
    return `${this.#path}${STAGING_SUFFIX}${jti}`;
  }

  /** Tells of a version that came between the read and the write, unless it was this token, or the one that it replaces. */
  async #requireSuccession(shown: ParameterValue | undefined, version: number, record: TokenRecord): Promise<void> {
    if (version <= (shown?.version ?? 0) + 1) return;
    const between = await this.#calls.read(`${this.#path}:${version - 1}`);
    const rival = rivalOf(between?.value, { shown: shown?.value }, record);
    if (rival === undefined) return;
    throw new RefusedError('SECRET_CHANGED', `${this.#name} was changed by somebody else at the same moment`, {
      why: `version ${version} took the place of version ${version - 1}, which was ${rival}`,
    });
  }

  /** Believes a write once it has read it back. Parameter Store swaps nothing atomically: whoever writes last wins, and who lost is told. */
  async #write(name: string, token: string): Promise<number> {
    const version = await this.#calls.write(name, token, await this.#calls.describe(this.#path));
    for (let count = 1; count <= READS; count += 1) {
      const stored = await this.#calls.read(name);
      if (stored?.value === token) return stored.version;
      if (stored !== undefined && stored.version > version) {
        throw new RefusedError('SECRET_CHANGED', `somebody else changed ssm:${name} at the same moment`, {
          why: `version ${stored.version} came right after version ${version}, which was this one`,
        });
      }
      await sleep(PAUSE);
    }
    throw new UnavailableError(`ssm:${name} does not hold what was put into it`, {
      why: `version ${version} was written, and could not be read back`,
    });
  }
}
