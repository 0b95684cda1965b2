/** KMS clients by Region: a key is used where its ARN says that it lives. */
import { KMSClient } from '@aws-sdk/client-kms';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { Session } from '../session.ts';

/** What is needed of a client: any `KMSClient` is one. */
export type KmsClient = Pick<KMSClient, 'send' | 'destroy' | 'config'>;

export interface KmsTarget extends AwsTarget {
  /** Made elsewhere; it is then used for every key, whichever Region the key's ARN names. */
  readonly client?: KmsClient;
  readonly timing?: Timing;
}

export class KmsRegions {
  readonly #target: KmsTarget;
  readonly #home: Session<KmsClient>;
  readonly #others = new Map<string, Session<KmsClient>>();

  constructor(target: KmsTarget) {
    this.#target = target;
    this.#home = this.#session({});
  }

  /** The Region of the environment: where keys are made. */
  get home(): Session<KmsClient> {
    return this.#home;
  }

  /**
   * Where a key of this Region is called: with the home client, or with another one that has the same profile and
   * limits. KMS knows no key of another Region, whatever the ARN in the request says.
   */
  async of(region: string): Promise<Session<KmsClient>> {
    if (this.#target.client !== undefined || region === (await this.#home.region())) return this.#home;
    const other = this.#others.get(region) ?? this.#session({ region });
    this.#others.set(region, other);
    return other;
  }

  close(): void {
    for (const session of [this.#home, ...this.#others.values()]) session.close();
  }

  #session(region: AwsTarget): Session<KmsClient> {
    return new Session<KmsClient>((settings) => new KMSClient(settings), {
      timing: INTERACTIVE,
      ...this.#target,
      ...region,
    });
  }
}
