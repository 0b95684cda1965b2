/** Parameter Store as a place for tokens. */
export { putParameter } from './put-parameter.ts';
export { parameterSink, type ParameterSinkOptions } from './sink.ts';
