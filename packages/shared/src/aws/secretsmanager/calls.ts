/** The calls of Secrets Manager that a delivery makes, with what their errors mean. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { ApikeyError, RefusedError } from '../../domain/errors.ts';
import { NotFoundError, UnavailableError } from '../../ports/errors.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { Session, type Call } from '../session.ts';
import { text } from '../vendor-error.ts';
import type { SecretValue } from './place.ts';

/** What is needed of a client: any `SecretsManagerClient` is one. */
export type SecretsClient = Pick<SecretsManagerClient, 'send' | 'destroy' | 'config'>;

export interface SecretsTarget extends AwsTarget {
  readonly client?: SecretsClient;
  readonly timing?: Timing;
}

/** A secret without its values. */
export interface SecretFacts {
  /** The version that bears a label; absent where none does. */
  readonly labelled: (label: string) => string | undefined;
  readonly deleted: boolean;
  /** The Region that a replica follows; absent for what is no replica. */
  readonly primaryRegion: string | undefined;
}

/** A label was moved by somebody else since it was read. */
export class LabelMoved extends Error {
  override readonly name = 'LabelMoved';
}

export class SecretCalls {
  readonly #session: Session<SecretsClient>;
  readonly #secret: string;

  /** @param secret name or ARN; one with a Region is called there */
  constructor(secret: string, target: SecretsTarget) {
    const region = /^arn:[^:]*:secretsmanager:([^:]+):/.exec(secret)?.[1];
    this.#secret = secret;
    this.#session = new Session<SecretsClient>((settings) => new SecretsManagerClient(settings), {
      timing: INTERACTIVE,
      ...target,
      ...(region === undefined ? {} : { region }),
    });
  }

  /** Throws `SECRET_NOT_FOUND`. */
  async describe(): Promise<SecretFacts> {
    const answer = await this.#session.run(this.#call('DescribeSecret'), (client, abortSignal) =>
      client.send(new DescribeSecretCommand({ SecretId: this.#secret }), { abortSignal }),
    );
    const versions = Object.entries(answer.VersionIdsToStages ?? {});
    const region = await this.#session.region();
    return {
      labelled: (label) => versions.find(([, labels]) => labels.includes(label))?.[0],
      deleted: answer.DeletedDate !== undefined,
      primaryRegion: answer.PrimaryRegion === region ? undefined : answer.PrimaryRegion,
    };
  }

  /** The value of a version that is known to exist. */
  async valueOf(version: string): Promise<SecretValue> {
    const answer = await this.#session.run(this.#call('GetSecretValue'), (client, abortSignal) =>
      client.send(new GetSecretValueCommand({ SecretId: this.#secret, VersionId: version }), { abortSignal }),
    );
    return answer.SecretString === undefined ? { bytes: true } : { text: answer.SecretString };
  }

  /** Makes a version under a label of its own. The same version with the same value again is no second one. */
  async put(version: string, value: string, label: string): Promise<void> {
    const input = {
      SecretId: this.#secret,
      ClientRequestToken: version,
      SecretString: value,
      VersionStages: [label],
    };
    await this.#session.run({ ...this.#call('PutSecretValue'), write: true }, (client, abortSignal) =>
      client.send(new PutSecretValueCommand(input), { abortSignal }),
    );
    const stored = await this.valueOf(version);
    if ('text' in stored && stored.text === value) return;
    throw new UnavailableError('the secret does not hold what was put into it', {
      why: `version ${version} of ${this.#secret} has another value`,
    });
  }

  /** Moves a label from the version that has it; throws `LabelMoved` if that one does not. */
  async move(label: string, from: string | undefined, to: string | undefined): Promise<void> {
    const input = {
      SecretId: this.#secret,
      VersionStage: label,
      ...(to === undefined ? {} : { MoveToVersionId: to }),
      ...(from === undefined ? {} : { RemoveFromVersionId: from }),
    };
    await this.#session.run({ ...this.#call('UpdateSecretVersionStage'), write: true }, (client, abortSignal) =>
      client.send(new UpdateSecretVersionStageCommand(input), { abortSignal }),
    );
  }

  close(): void {
    this.#session.close();
  }

  #call(operation: string): Call {
    const secret = this.#secret;
    return {
      action: `secretsmanager:${operation}`,
      resource: secret,
      translate: (cause) => MEANINGS[text(cause, 'name') ?? '']?.(secret, operation, cause),
    };
  }
}

type Meaning = (secret: string, operation: string, cause: unknown) => unknown;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ResourceNotFoundException: (secret, operation, cause) =>
    operation === 'DescribeSecret' || operation === 'PutSecretValue'
      ? noSecret(secret, cause)
      : noVersion(secret, operation, cause),
  // "The secret is scheduled for deletion", or a service of AWS manages it.
  InvalidRequestException: (secret, operation, cause) =>
    refusedBySecret(secret, 'it is scheduled for deletion, or managed by another service of AWS', operation, cause),
  InvalidParameterException: (_, operation, cause) =>
    operation === 'UpdateSecretVersionStage' ? new LabelMoved('the label is elsewhere', { cause }) : undefined,
  DecryptionFailure: (secret, operation, cause) => refusedBySecret(secret, KEY_TROUBLE, operation, cause),
  EncryptionFailure: (secret, operation, cause) => refusedBySecret(secret, KEY_TROUBLE, operation, cause),
  InternalServiceError: (secret, operation, cause) =>
    new UnavailableError('Secrets Manager is not available', {
      why: `InternalServiceError (secretsmanager:${operation} on ${secret})`,
      fix: 'try again; https://health.aws.amazon.com shows disturbances',
      outcome: 'unknown',
      cause,
    }),
};
const KEY_TROUBLE = 'the KMS key that encrypts it cannot be used';

function noSecret(secret: string, cause: unknown): NotFoundError {
  return new NotFoundError('SECRET_NOT_FOUND', `there is no secret ${secret}`, {
    why: 'apikey makes none: its encryption and who may read it are for its owner to decide',
    fix: secret.startsWith('arn:')
      ? 'check the ARN, and the account of the credentials'
      : `aws secretsmanager create-secret --name ${secret}; or check --region and the account of the credentials`,
    cause,
  });
}

/** A version that was made a moment ago may not be seen everywhere at once. */
function noVersion(secret: string, operation: string, cause: unknown): ApikeyError {
  return new UnavailableError('a version of the secret is missing', {
    why: `ResourceNotFoundException (secretsmanager:${operation} on ${secret})`,
    fix: 'try again',
    cause,
  });
}

function refusedBySecret(secret: string, why: string, operation: string, cause: unknown): RefusedError {
  return new RefusedError('SECRET_UNSUITABLE', `secret ${secret} cannot take a token`, {
    why: `${why} (secretsmanager:${operation})`,
    fix: 'mend that with: aws secretsmanager describe-secret, restore-secret; or name another secret',
    cause,
  });
}
