/** `apikey clients revoke`: all tokens of a client end for good, in one write. */
import { revokeClient } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { confirmByName } from '../../terminal/confirm.ts';
import { changeState } from './change-state.ts';

export function run(invocation: Invocation, context: Context): Promise<number> {
  return changeState(
    {
      verb: 'revoke',
      doing: 'revoking',
      done: 'Revoked',
      apply: revokeClient,
      // Even without a token that is known: one may be in the making.
      idle: () => false,
      touches: ({ tokens }) => tokens,
      effect: (count) => `ends ${counted(count, 'token')} for good`,
      shows: (flags) => flags.text('confirm') === undefined,
      ask: (id, impact, flags, { io, terminal, inputAllowed }) =>
        confirmByName(io, terminal, inputAllowed, {
          question: [...impact, 'This cannot be undone. Type the name of the client to end them:'].join('\n'),
          action: `revoking client ${id}`,
          name: id,
          given: flags.text('confirm'),
        }),
      next: (id, env) =>
        `apikey issue${env} --client ${id} gives it a new token; apikey clients suspend${env} ${id} keeps it from getting any`,
    },
    invocation,
    context,
  );
}
