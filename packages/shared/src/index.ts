/** The domain, strict JOSE, the ports and the operations; the backends have subpaths of their own. */
export * from './domain/index.ts';
export type { JsonObject } from './domain/records.ts';
export * from './jose/index.ts';
export * from './ports/index.ts';
export * from './operations/index.ts';
