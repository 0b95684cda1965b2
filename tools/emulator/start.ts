/** `pnpm emulator`: starts the emulator, prints what to paste into a shell, and runs until Ctrl-C. */
import { startEmulator } from './emulator.ts';
import { EmulatorUnavailable } from './install.ts';

process.stderr.write('starting the AWS emulator; its first installation takes half a minute\n');
const emulator = await startEmulator().catch((error: unknown) => {
  if (!(error instanceof EmulatorUnavailable)) throw error;
  process.stderr.write(`${error.message}\n`);
  return process.exit(1);
});
const running = Promise.withResolvers<void>();
process.once('SIGINT', () => running.resolve());
process.once('SIGTERM', () => running.resolve());
for (const [name, value] of Object.entries(emulator.env)) process.stdout.write(`export ${name}=${value}\n`);
process.stderr.write('paste these lines into another shell; Ctrl-C stops the emulator and forgets what it holds\n');
// A signal handler alone does not keep the process alive, but the emulator's pipes do.
await running.promise;
await emulator.stop();
