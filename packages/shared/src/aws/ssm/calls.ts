/** The calls of Parameter Store that a delivery makes, with what their errors mean. */
import {
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
  type ParameterTier,
} from '@aws-sdk/client-ssm';
import { RefusedError } from '../../domain/errors.ts';
import { ThrottledError, UnavailableError } from '../../ports/errors.ts';
import { INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
import { Session, type Call } from '../session.ts';
import { text } from '../vendor-error.ts';

/** What is needed of a client: any `SSMClient` is one. */
export type ParametersClient = Pick<SSMClient, 'send' | 'destroy' | 'config'>;

export interface ParametersTarget extends AwsTarget {
  readonly client?: ParametersClient;
  readonly timing?: Timing;
}

/** A parameter without its value. */
export interface ParameterFacts {
  /** `SecureString` for what is encrypted. */
  readonly type: string | undefined;
  /** The KMS key that encrypts it. */
  readonly keyId: string | undefined;
  readonly tier: string | undefined;
}

export interface ParameterValue {
  readonly version: number;
  readonly value: string;
}

export class ParameterCalls {
  readonly #session: Session<ParametersClient>;

  constructor(target: ParametersTarget) {
    this.#session = new Session<ParametersClient>((settings) => new SSMClient(settings), {
      timing: INTERACTIVE,
      ...target,
    });
  }

  /** Absent where there is no such parameter. */
  async describe(name: string): Promise<ParameterFacts | undefined> {
    const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [name] }];
    let NextToken: string | undefined;
    // A page may be empty and still not be the last.
    do {
      const page = NextToken === undefined ? {} : { NextToken };
      const answer = await this.#session.run(callOf('DescribeParameters', name), (client, abortSignal) =>
        client.send(new DescribeParametersCommand({ ParameterFilters, ...page }), { abortSignal }),
      );
      const found = answer.Parameters?.find(({ Name }) => Name === name);
      if (found !== undefined) return { type: found.Type, keyId: found.KeyId, tier: found.Tier };
      NextToken = answer.NextToken;
    } while (NextToken !== undefined && NextToken !== '');
    return undefined;
  }

  /** The newest version, decrypted; absent where there is no such parameter. */
  async read(name: string): Promise<ParameterValue | undefined> {
    const parameter = await this.#session.run(callOf('GetParameter', name), async (client, abortSignal) => {
      try {
        return (await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }), { abortSignal }))
          .Parameter;
      } catch (error) {
        if (text(error, 'name') === 'ParameterNotFound') return undefined;
        throw error;
      }
    });
    if (parameter?.Value === undefined || parameter.Version === undefined) return undefined;
    return { version: parameter.Version, value: parameter.Value };
  }

  /** Writes a `SecureString`, encrypted by the same key as what it follows, and resolves with its version. */
  async write(name: string, value: string, like: ParameterFacts | undefined): Promise<number> {
    const input = {
      Name: name,
      Value: value,
      Type: 'SecureString',
      Overwrite: true,
      // An advanced parameter cannot become a standard one; otherwise AWS takes what the length needs.
      Tier: (like?.tier === 'Advanced' ? 'Advanced' : 'Intelligent-Tiering') satisfies ParameterTier,
      // Without it the account's default key would take the place of the owner's.
      ...(like?.keyId === undefined ? {} : { KeyId: like.keyId }),
    } as const;
    const { Version } = await this.#session.run(
      { ...callOf('PutParameter', name), write: true },
      (client, abortSignal) => client.send(new PutParameterCommand(input), { abortSignal }),
    );
    if (Version !== undefined) return Version;
    throw new UnavailableError('Parameter Store did not say which version it made', { outcome: 'unknown' });
  }

  /** What is gone already stays so. */
  async remove(name: string): Promise<void> {
    await this.#session.run({ ...callOf('DeleteParameter', name), write: true }, async (client, abortSignal) => {
      try {
        await client.send(new DeleteParameterCommand({ Name: name }), { abortSignal });
      } catch (error) {
        if (text(error, 'name') !== 'ParameterNotFound') throw error;
      }
    });
  }

  close(): void {
    this.#session.close();
  }
}

function callOf(operation: string, name: string): Call {
  return {
    action: `ssm:${operation}`,
    resource: name,
    translate: (cause) => MEANINGS[text(cause, 'name') ?? '']?.(name, operation, cause),
  };
}

type Meaning = (name: string, operation: string, cause: unknown) => unknown;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  TooManyUpdates: (name, operation, cause) =>
    new ThrottledError('Parameter Store limits the requests', {
      why: `TooManyUpdates (ssm:${operation} on ${name})`,
      fix: 'try again in a moment',
      cause,
    }),
  HierarchyTypeMismatchException: (name, _, cause) => refused(name, 'it is of another type', cause),
  HierarchyLevelLimitExceededException: (name, _, cause) => refused(name, 'its path has too many levels', cause),
  ParameterPatternMismatchException: (name, _, cause) => refused(name, 'it has a pattern that no token matches', cause),
  ParameterMaxVersionLimitExceeded: (name, _, cause) =>
    refused(name, 'it has 100 versions, the oldest of which bears a label', cause),
  ParameterLimitExceeded: (name, _, cause) => refused(name, 'the account has all the parameters that it may', cause),
  InvalidKeyId: (name, _, cause) => refused(name, 'the KMS key that encrypts it cannot be used', cause),
};

function refused(name: string, why: string, cause: unknown): RefusedError {
  return new RefusedError('SECRET_UNSUITABLE', `ssm:${name} cannot take a token`, {
    why,
    fix: 'name another parameter',
    cause,
  });
}
