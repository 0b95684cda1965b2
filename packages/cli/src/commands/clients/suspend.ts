/** `apikey clients suspend`: all tokens of a client are denied until it is resumed. */
import { suspendClient } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { confirm } from '../../terminal/confirm.ts';
import { changeState } from './change-state.ts';

export function run(invocation: Invocation, context: Context): Promise<number> {
  return changeState(
    {
      verb: 'suspend',
      doing: 'suspending',
      done: 'Suspended',
      apply: suspendClient,
      idle: ({ client }) => client.state === 'suspended',
      touches: ({ tokens }) => tokens.filter(({ live }) => live),
      effect: (count) => `denies ${counted(count, 'live token')} until it is resumed`,
      shows: (flags) => !flags.on('yes'),
      ask: async (id, impact, flags, { io, terminal, inputAllowed }) => {
        if (flags.on('yes')) return;
        await confirm(io, terminal, inputAllowed, {
          question: [...impact, `Suspend client ${id}?`].join('\n'),
          action: `suspending client ${id}`,
          flag: '--yes',
        });
      },
      next: (id, env) => `apikey clients resume${env} ${id}, or apikey clients revoke${env} ${id}`,
    },
    invocation,
    context,
  );
}
