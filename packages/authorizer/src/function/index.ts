/**
 * The prebuilt function's entry: `index.rest` for REST APIs, `index.http` for HTTP APIs, `index.handler` for either. A wrong
 * variable ends the start with an error that names it.
 */
import { functionHandlers, type FunctionHandlers } from './handlers.ts';

const handlers: FunctionHandlers = functionHandlers(process.env, (line) => {
  // Not `console`, which Lambda would wrap in a format of its own: metrics are read from lines that are JSON alone.
  process.stdout.write(`${line}\n`);
});

export const rest: FunctionHandlers['rest'] = handlers.rest;
export const http: FunctionHandlers['http'] = handlers.http;
export const handler: FunctionHandlers['handler'] = handlers.handler;
