/** What tests are made of: memory adapters, faults, a clock that obeys, fixtures, and the contract of each port. */
export * from './clock.ts';
export * from './virtual-time.ts';
export * from './sink.ts';
export * from './staged-sink.ts';
export * from './memory-registry.ts';
export * from './memory-keys.ts';
export * from './memory-seals.ts';
export * from './faults.ts';
export * from './fixtures.ts';
export * from './collect.ts';
export * from './registry-contract.ts';
export * from './temporary-directory.ts';
export * from './key-provider-contract.ts';
export * from './seal-store-contract.ts';
export * from './memory-notices.ts';
export * from './notice-log-contract.ts';
