export * from './errors.ts';
export type * from './registry.ts';
export type * from './seal-store.ts';
export type * from './key-provider.ts';
export type * from './clock.ts';
export type * from './token-sink.ts';
export type * from './usage.ts';
export type * from './sign-log.ts';
export type * from './notices.ts';
