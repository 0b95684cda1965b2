/** One secret as AWS documents it, where the emulator differs: what the first version gets, what labels and request tokens do. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsClient } from './calls.ts';

interface Version {
  readonly text: string | undefined;
  readonly labels: Set<string>;
}

export interface MemorySecret {
  readonly client: SecretsClient;
  readonly versions: ReadonlyMap<string, Version>;
  /** The operations so far. */
  readonly calls: readonly string[];
  /** What readers get. */
  readonly current: string | undefined;
  /** Runs before the next call of this operation, as somebody else's call would. */
  before(operation: string, act: () => void): void;
  /** The next call of this operation is done, and its answer lost. */
  lose(operation: string): void;
  /** Makes a version the current one, as its owner does in a console; without a text it holds bytes. */
  set(text?: string): void;
}

class AwsError extends Error {
  readonly $metadata: object = { httpStatusCode: 400 };

  constructor(name: string, message = 'a text of the vendor') {
    super(message);
    this.name = name;
  }
}

export function memorySecret(text?: string): MemorySecret {
  const versions = new Map<string, Version>();
  const calls: string[] = [];
  let acts: { readonly operation: string; readonly act: () => void }[] = [];
  let lost: string | undefined;
  let made = 0;
  const holderOf = (label: string): string | undefined =>
    [...versions].find(([, { labels }]) => labels.has(label))?.[0];
  const label = (name: string, to: string | undefined): void => {
    const from = holderOf(name);
    if (from === to) return;
    versions.get(from ?? '')?.labels.delete(name);
    versions.get(to ?? '')?.labels.add(name);
    if (name === 'AWSCURRENT' && from !== undefined) label('AWSPREVIOUS', from);
  };
  const set = (value?: string): void => {
    made += 1;
    const id = `made-by-the-owner-${made}`;
    versions.set(id, { text: value, labels: new Set() });
    label('AWSCURRENT', id);
  };
  if (text !== undefined) set(text);

  const put = ({
    ClientRequestToken: id = '',
    SecretString,
    VersionStages = [],
  }: PutSecretValueCommand['input']): void => {
    const same = versions.get(id);
    if (same !== undefined && same.text !== SecretString) throw new AwsError('ResourceExistsException');
    if (same === undefined) versions.set(id, { text: SecretString, labels: new Set() });
    for (const name of VersionStages) label(name, id);
    // "If this operation creates the first version for the secret, Secrets Manager automatically attaches AWSCURRENT to it."
    if (versions.size === 1) label('AWSCURRENT', id);
  };
  const move = ({
    VersionStage = '',
    MoveToVersionId,
    RemoveFromVersionId,
  }: UpdateSecretVersionStageCommand['input']): void => {
    if (holderOf(VersionStage) !== RemoveFromVersionId) throw new AwsError('InvalidParameterException');
    if (MoveToVersionId !== undefined && !versions.has(MoveToVersionId))
      throw new AwsError('ResourceNotFoundException');
    label(VersionStage, MoveToVersionId);
  };
  const answer = (command: unknown): object => {
    if (command instanceof DescribeSecretCommand) {
      const labelled = [...versions].filter(([, { labels }]) => labels.size > 0);
      return { VersionIdsToStages: Object.fromEntries(labelled.map(([id, { labels }]) => [id, [...labels]])) };
    }
    if (command instanceof GetSecretValueCommand) {
      const found = versions.get(command.input.VersionId ?? '');
      if (found === undefined) throw new AwsError('ResourceNotFoundException');
      return found.text === undefined ? { SecretBinary: new Uint8Array(1) } : { SecretString: found.text };
    }
    if (command instanceof PutSecretValueCommand) put(command.input);
    if (command instanceof UpdateSecretVersionStageCommand) move(command.input);
    return {};
  };
  const send = async (command: { readonly constructor: { readonly name: string } }): Promise<object> => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const due = acts.filter((entry) => entry.operation === operation);
    acts = acts.filter((entry) => !due.includes(entry));
    for (const { act } of due) act();
    calls.push(operation);
    const result = answer(command);
    if (lost !== operation) return result;
    lost = undefined;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return {
    client: { send, destroy: () => {}, config: { region: async () => 'us-east-1' } } as unknown as SecretsClient,
    versions,
    calls,
    get current() {
      return versions.get(holderOf('AWSCURRENT') ?? '')?.text;
    },
    before: (operation, act) => {
      acts.push({ operation, act });
    },
    lose: (operation) => {
      lost = operation;
    },
    set,
  };
}
