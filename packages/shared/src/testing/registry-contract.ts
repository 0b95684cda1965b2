/**
 * What every registry must do, whatever it is made of: the port's promises as tests. The suite uses one store for all
 * of its tests, each of which has clients, ids and times of its own, since a store may take long to make.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Registry } from '../ports/registry.ts';
import type { UsageRecorder } from '../ports/usage.ts';
import { commitContract } from './registry-contract-commits.ts';
import { concurrencyContract } from './registry-contract-concurrency.ts';
import { listingContract } from './registry-contract-listings.ts';
import { readContract } from './registry-contract-reads.ts';
import { usageContract } from './registry-contract-usage.ts';

/** One store that is empty at first. */
export interface RegistryStore {
  /** Another handle on the same store, as another process would have it. */
  open(): Promise<Registry>;
  /** What authorizers record the uses of this store's tokens with. */
  usage(): UsageRecorder;
  /** Removes the store; all handles have been closed. */
  remove(): Promise<void>;
}

export interface RegistryContractOptions {
  /** Makes a new, empty store. */
  readonly create: () => Promise<RegistryStore>;
  /**
   * How many items the store lists at once. Set it low, so that few items make several pages: up to 15, one commit of
   * two pages and a token has no more entries than a DynamoDB transaction takes.
   */
  readonly pageSize: number;
}

/** What the tests of the suite share. */
export interface RegistrySubject {
  /** The handle that most tests use. */
  readonly registry: Registry;
  readonly usage: UsageRecorder;
  /** A further handle; the suite closes it at the end. */
  open(): Promise<Registry>;
  readonly pageSize: number;
}

/** Registers the suite. */
export function registryContract(name: string, { create, pageSize }: RegistryContractOptions): void {
  describe(`${name} keeps the contract of a registry`, () => {
    const handles: Registry[] = [];
    let store: RegistryStore | undefined;
    let usage: UsageRecorder | undefined;

    const open = async (): Promise<Registry> => {
      if (store === undefined) throw new TypeError('the store was not made');
      const handle = await store.open();
      handles.push(handle);
      return handle;
    };
    const subject: RegistrySubject = {
      get registry() {
        const [first] = handles;
        if (first === undefined) throw new TypeError('the store was not opened');
        return first;
      },
      get usage() {
        if (usage === undefined) throw new TypeError('the store was not made');
        return usage;
      },
      open,
      pageSize,
    };

    beforeAll(async () => {
      store = await create();
      await open();
      usage = store.usage();
    });
    afterAll(async () => {
      await Promise.all(handles.map((handle) => handle.close()));
      await store?.remove();
    });

    readContract(subject);
    commitContract(subject);
    listingContract(subject);
    concurrencyContract(subject);
    usageContract(subject);
  });
}
