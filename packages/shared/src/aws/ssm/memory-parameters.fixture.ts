/** Parameter Store in memory, with what the emulator cannot do: others who write in between, reads that are old, answers that are lost. */
import {
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import type { ParametersClient } from './calls.ts';

interface Stored {
  readonly value: string;
  readonly type: string;
  readonly keyId: string | undefined;
  readonly tier: string | undefined;
}

export interface MemoryParameters {
  readonly client: ParametersClient;
  /** Every parameter with all of its versions. */
  readonly parameters: ReadonlyMap<string, readonly Stored[]>;
  readonly calls: readonly string[];
  readonly names: readonly string[];
  /** What readers get. */
  current(name: string): string | undefined;
  /** Runs once, before the next call of this operation about this name. */
  before(operation: string, name: string, act: () => void): void;
  /** The next call of this operation about this name is done, and its answer lost. */
  lose(operation: string, name: string): void;
  /** So many reads that follow see the version before the newest. */
  stale(reads: number): void;
  put(name: string, value: string, how?: Partial<Stored>): number;
}

export function memoryParameters(): MemoryParameters {
  const parameters = new Map<string, Stored[]>();
  const calls: string[] = [];
  let acts: { readonly operation: string; readonly name: string; readonly act: () => void }[] = [];
  let lost = '';
  let stale = 0;
  const put = (name: string, value: string, how: Partial<Stored> = {}): number => {
    const versions = parameters.get(name) ?? [];
    versions.push({ type: 'SecureString', keyId: undefined, tier: undefined, ...how, value });
    parameters.set(name, versions);
    return versions.length;
  };
  const read = (asked: string): object => {
    const [name = '', version] = asked.split(':');
    const versions = parameters.get(name);
    if (versions === undefined)
      throw Object.assign(new Error('none'), { name: 'ParameterNotFound', $metadata: { httpStatusCode: 400 } });
    const newest = versions.length - (stale > 0 && versions.length > 1 ? 1 : 0);
    stale = Math.max(0, stale - 1);
    const at = version === undefined ? newest : Number(version);
    return { Parameter: { Value: versions[at - 1]?.value, Version: at } };
  };
  const answer = (command: unknown): object => {
    if (command instanceof GetParameterCommand) return read(command.input.Name ?? '');
    if (command instanceof PutParameterCommand) {
      const { Name = '', Value = '', Type = '', KeyId, Tier } = command.input;
      return { Version: put(Name, Value, { type: Type, keyId: KeyId, tier: Tier }) };
    }
    if (command instanceof DescribeParametersCommand) {
      const [name = ''] = command.input.ParameterFilters?.[0]?.Values ?? [];
      const last = parameters.get(name)?.at(-1);
      return {
        Parameters: last === undefined ? [] : [{ Name: name, Type: last.type, KeyId: last.keyId, Tier: last.tier }],
      };
    }
    if (command instanceof DeleteParameterCommand) parameters.delete(command.input.Name ?? '');
    return {};
  };
  const send = async (command: {
    readonly constructor: { readonly name: string };
    readonly input: { readonly Name?: string };
  }): Promise<object> => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const { Name: name = '' } = command.input;
    const due = acts.filter((entry) => entry.operation === operation && entry.name === name);
    acts = acts.filter((entry) => !due.includes(entry));
    for (const { act } of due) act();
    calls.push(operation);
    const result = answer(command);
    if (lost !== `${operation} ${name}`) return result;
    lost = '';
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return {
    client: { send, destroy: () => {}, config: { region: async () => 'us-east-1' } } as unknown as ParametersClient,
    parameters,
    calls,
    get names() {
      return [...parameters.keys()];
    },
    current: (name) => parameters.get(name)?.at(-1)?.value,
    before: (operation, name, act) => {
      acts.push({ operation, name, act });
    },
    lose: (operation, name) => {
      lost = `${operation} ${name}`;
    },
    stale: (reads) => {
      stale = reads;
    },
    put,
  };
}
