/** The embedded backend: a SQLite registry and key files in one data directory, for one machine. */
export { openLocalRegistry } from './local-registry.ts';
export { checkLocalRegistry } from './check-registry.ts';
export { localKeyProvider, type LocalKeyOptions } from './local-keys.ts';
export { localUsage, type LocalUsage } from './usage.ts';
export { localPublicKeys, type LocalPublicKeyOptions } from './public-keys.ts';
export { localSealStore } from './seals.ts';
export type { LocalRegistryOptions } from './registry-file.ts';
