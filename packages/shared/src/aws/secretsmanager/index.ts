/** Secrets Manager as a place for tokens. */
export { secretSink, type SecretSinkOptions } from './sink.ts';
