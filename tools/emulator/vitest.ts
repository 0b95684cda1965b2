/**
 * Vitest's global set-up: one emulator for a whole run, started when the first suite asks for it and stopped at the
 * end. Suites ask through `testing.ts`; a run in which none does starts nothing.
 */
import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import { startEmulator, type Emulator } from './emulator.ts';
import { EmulatorUnavailable } from './install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where to ask for the emulator: a GET, answered with an `EmulatorAnswer`. */
    readonly emulatorBroker: string;
  }
}

export type EmulatorAnswer =
  | { readonly env: Emulator['env']; readonly endpoint: string }
  /** Why there is none on this machine. */
  | { readonly unavailable: string };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Emulator> | undefined;
  const ask = async (): Promise<EmulatorAnswer> => {
    starting ??= startEmulator();
    try {
      const { env, endpoint } = await starting;
      return { env, endpoint };
    } catch (error) {
      if (error instanceof EmulatorUnavailable) return { unavailable: error.message };
      throw error;
    }
  };
  const broker = createServer((_request, response) => {
    ask().then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const address = broker.address();
  if (address === null || typeof address === 'string') throw new TypeError('the broker has no port');
  project.provide('emulatorBroker', `http://127.0.0.1:${address.port}/`);

  return async () => {
    broker.closeAllConnections();
    broker.close();
    const emulator = await starting?.catch(() => undefined);
    await emulator?.stop();
  };
}
