/** The scheduled functions' entry: `index.notify` tells people of tokens that expire, `index.seal` seals the audit log. */
import { notifyFunction, type NotifyResult } from './notify.ts';
import { sealFunction, type SealResult } from './seal.ts';
import type { ScheduledEvent } from './scheduled-event.ts';

/** Made with the first call, and kept: each function uses one of them and has the variables of that one alone. */
let notifier: ReturnType<typeof notifyFunction> | undefined;
let sealer: ReturnType<typeof sealFunction> | undefined;

/** One line of JSON a run. Not `console`, which Lambda would wrap in a format of its own. */
function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export async function notify(event: ScheduledEvent): Promise<NotifyResult> {
  notifier ??= notifyFunction(process.env, write);
  return notifier(event);
}

export async function seal(): Promise<SealResult> {
  sealer ??= sealFunction(process.env, write);
  return sealer();
}
