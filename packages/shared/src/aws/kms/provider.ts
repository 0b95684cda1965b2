/** The key provider of the AWS backend: asymmetric KMS keys, whose private halves nobody can read. */
import { DisableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import type { KeyObject } from 'node:crypto';
import { SEAL_RING, type RingName } from '../../domain/records.ts';
import type { SigningAlg } from '../../jose/algorithms.ts';
import { thumbprint } from '../../jose/thumbprint.ts';
import { InvalidStateError, NotFoundError } from '../../ports/errors.ts';
import type { CreatedKey, KeyProvider, SignResult } from '../../ports/key-provider.ts';
import type { SkewWatch } from '../clock-skew.ts';
import type { Session } from '../session.ts';
import { aliasOf, createKey, sealAliasBase, type NewKeyOptions } from './create.ts';
import { cannotSign, describeKey } from './describe.ts';
import { requireKeyArn } from './key-arn.ts';
import { fetchPublicKey, unsuitable } from './public-key.ts';
import { KmsRegions, type KmsClient, type KmsTarget } from './regions.ts';
import { signWith } from './sign.ts';

/**
 * The tag that every key made here bears; its value is the alias base. Policies need it between `CreateKey` and
 * `CreateAlias`, while a new key has no alias to be known by.
 */
export const KEYS_TAG = 'apikey:keys';

/** `clock` is the local one, that tokens are dated by; `onSkew` is told by how much each signing shows it to be off. */
export interface KmsKeyProviderOptions extends KmsTarget, SkewWatch {
  /** `alias/<name>`, below which new keys get `alias/<name>/<first 12 of kid>`. */
  readonly aliasBase: string;
  /** What new keys are for: those for seals get `alias/<name>-seal/<first 12 of kid>`, and a tag that says the same. */
  readonly ring?: RingName;
  /** Added to new keys, beside `apikey:keys`. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Makes new keys multi-Region primaries, so that they can be replicated later. */
  readonly multiRegion?: boolean;
  /** Days between `scheduleDeletion` and the end of the key: 7 to 30, by default 30. */
  readonly deletionWindowDays?: number;
}

/**
 * Keys by ARN, each called in the Region that its ARN names; new ones are made in the Region of the environment.
 * Beside the port's errors: `CREDENTIALS_MISSING`, `CONFIG_INVALID` (no Region), `CLOCK_SKEW` and `TOKEN_TOO_LARGE`
 * from `sign`, `INVALID_ALG` from `create`. Throws `TypeError` for an alias base or deletion window that KMS would refuse.
 */
export function kmsKeyProvider(options: KmsKeyProviderOptions): KeyProvider {
  return new KmsKeys(options);
}

class KmsKeys implements KeyProvider {
  readonly #regions: KmsRegions;
  readonly #newKey: NewKeyOptions;
  readonly #windowDays: number;
  readonly #watch: SkewWatch;

  constructor(options: KmsKeyProviderOptions) {
    const {
      aliasBase: base,
      ring,
      description = 'apikey signing key',
      multiRegion = false,
      deletionWindowDays = 30,
      clock,
      onSkew,
    } = options;
    checkAliasBase(base);
    const aliasBase = ring === SEAL_RING ? sealAliasBase(base) : base;
    if (!Number.isInteger(deletionWindowDays) || deletionWindowDays < 7 || deletionWindowDays > 30) {
      throw new TypeError('KMS deletes keys after 7 to 30 days');
    }
    this.#regions = new KmsRegions(options);
    this.#newKey = { aliasBase, description, multiRegion, tags: { ...options.tags, [KEYS_TAG]: aliasBase } };
    this.#windowDays = deletionWindowDays;
    this.#watch = { clock, onSkew };
  }

  create(alg: SigningAlg): Promise<CreatedKey> {
    return createKey(this.#regions.home, alg, this.#newKey);
  }

  async publicKey(ref: string, signal?: AbortSignal): Promise<KeyObject> {
    signal?.throwIfAborted();
    return fetchPublicKey(await this.#sessionFor(ref), ref, signal);
  }

  async publicKeyOf(kid: string): Promise<KeyObject> {
    const alias = aliasOf(this.#newKey.aliasBase, kid);
    const { arn, state } = await describeKey(this.#regions.home, alias);
    if (state !== 'Enabled') throw unsuitable(alias, `the key behind this alias is ${state}`);
    const key = await fetchPublicKey(this.#regions.home, arn);
    if (thumbprint(key) === kid) return key;
    throw new NotFoundError('KEY_NOT_FOUND', 'there is no such key in KMS', {
      why: `the key behind ${alias} is not ${kid}`,
      fix: 'run `apikey doctor`, which compares the key ring with KMS',
    });
  }

  async sign(ref: string, alg: SigningAlg, input: Uint8Array): Promise<SignResult> {
    return signWith(await this.#sessionFor(ref), ref, alg, input, this.#watch);
  }

  async disable(ref: string): Promise<void> {
    await this.#unlessDone(ref, async (session) => {
      await session.run({ action: 'kms:DisableKey', resource: ref, write: true }, (client, abortSignal) =>
        client.send(new DisableKeyCommand({ KeyId: ref }), { abortSignal }),
      );
    });
  }

  async scheduleDeletion(ref: string): Promise<void> {
    const input = { KeyId: ref, PendingWindowInDays: this.#windowDays };
    await this.#unlessDone(ref, async (session) => {
      await session.run({ action: 'kms:ScheduleKeyDeletion', resource: ref, write: true }, (client, abortSignal) =>
        client.send(new ScheduleKeyDeletionCommand(input), { abortSignal }),
      );
    });
  }

  /** KMS refuses to disable or delete a key that waits for its deletion, which is all that was wanted. */
  async #unlessDone(ref: string, work: (session: Session<KmsClient>) => Promise<void>): Promise<void> {
    const session = await this.#sessionFor(ref);
    try {
      await work(session);
    } catch (error) {
      const wrongState = error instanceof InvalidStateError && error.code === 'WRONG_STATE';
      if (!wrongState || !cannotSign(await describeKey(session, ref))) throw error;
    }
  }

  async #sessionFor(ref: string): Promise<Session<KmsClient>> {
    return this.#regions.of(requireKeyArn(ref).region);
  }
}

function checkAliasBase(aliasBase: string): void {
  const allowed = /^alias\/[A-Za-z0-9_-][A-Za-z0-9/_-]{0,199}$/.test(aliasBase) && !aliasBase.startsWith('alias/aws/');
  if (!allowed || aliasBase.endsWith('/')) {
    throw new TypeError('an alias base is like alias/apikey-prod: letters, digits, hyphen, underscore and slash');
  }
}
