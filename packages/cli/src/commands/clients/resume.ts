/** `apikey clients resume`: the tokens of a suspended client work again. */
import { resumeClient } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { changeState } from './change-state.ts';

export function run(invocation: Invocation, context: Context): Promise<number> {
  return changeState(
    {
      verb: 'resume',
      doing: 'resuming',
      done: 'Resumed',
      apply: (deps, id) => resumeClient(deps, id),
      idle: ({ client }) => client.state === 'active',
      touches: ({ tokens }) => tokens.filter(({ reason }) => reason === 'client_suspended'),
      effect: (count) => (count === 0 ? 'brings no token back' : `lets ${counted(count, 'token')} be used again`),
      next: (id, env) => `apikey clients show${env} ${id}`,
    },
    invocation,
    context,
  );
}
