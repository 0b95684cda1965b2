/** For adapters of further AWS services, outside of this package: the same limits, and the one table of errors. */
export { INTERACTIVE, type AwsTarget, type ClientSettings } from './client-settings.ts';
export { partitionOf } from './partition.ts';
export { Session, type Call } from './session.ts';
