/** One AWS client with its limits: every call goes through here, is bounded, repeated where safe, and translated. */
import { ApikeyError } from '../domain/errors.ts';
import { attempt } from './attempts.ts';
import {
  clientSettings,
  withoutLog,
  type AwsTarget,
  type ClientSettings,
  type Logging,
  type Timing,
} from './client-settings.ts';
import { translateAwsError } from './errors.ts';
import type { Situation } from './situation.ts';

/** What a session needs of a client of `@aws-sdk/*`, whichever its service. */
export interface SdkClient {
  readonly config: { readonly region: () => Promise<string> };
  destroy(): void;
}

export interface SessionOptions<C> extends AwsTarget {
  readonly timing: Timing;
  /** One that somebody else made and will destroy. */
  readonly client?: C | undefined;
}

export interface Call extends Pick<Situation, 'action' | 'resource'> {
  /** True for what changes something. */
  readonly write?: boolean;
  /** False for a write that would happen twice if it were sent twice. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timing?: Timing;
  /** Looks at an error first; nothing = the common table decides. */
  readonly translate?: (error: unknown, situation: Situation) => unknown;
}

export class Session<C extends SdkClient> {
  readonly #client: C;
  readonly #own: boolean;
  readonly #timing: Timing;
  readonly #profile: string | undefined;
  #region: string | undefined;

  constructor(make: (settings: ClientSettings) => C & Logging, options: SessionOptions<C>) {
    this.#client = options.client ?? withoutLog(make(clientSettings(options, options.timing)));
    this.#own = options.client === undefined;
    this.#timing = options.timing;
    this.#profile = options.profile ?? process.env['AWS_PROFILE'];
  }

  /** Makes one call, as often as `call` and the limits allow. Throws port errors, or the caller's abort reason. */
  run<T>(call: Call, send: (client: C, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { action, resource, write = false } = call;
    return attempt({
      timing: call.timing ?? this.#timing,
      repeatable: call.repeatable ?? true,
      signal: call.signal,
      call: async (abortSignal) => {
        this.#region ??= await this.#findRegion();
        return send(this.#client, abortSignal);
      },
      translate: (error) => {
        const situation = { action, resource, write, region: this.#region, profile: this.#profile };
        return call.translate?.(error, situation) ?? translateAwsError(error, situation);
      },
    });
  }

  /** The Region that calls go to. Throws `CONFIG_INVALID` where none is set. */
  async region(): Promise<string> {
    this.#region ??= await this.#findRegion();
    return this.#region;
  }

  close(): void {
    if (this.#own) this.#client.destroy();
  }

  async #findRegion(): Promise<string> {
    try {
      return await this.#client.config.region();
    } catch (cause) {
      throw new ApikeyError('CONFIG_INVALID', 'no AWS Region is set', {
        why: 'neither --region, nor AWS_REGION, nor the profile names one',
        fix: 'add --region, or set AWS_REGION to the Region of the environment',
        cause,
      });
    }
  }
}
