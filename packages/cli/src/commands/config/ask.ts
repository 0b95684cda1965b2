/** Asks at the terminal for what a new environment needs, with a default for each answer. */
import { createInterface } from 'node:readline/promises';
import { ApikeyError } from '@apikey/shared';
import { DEFAULT_ENVIRONMENT, SETTINGS } from '../../config/settings.ts';
import type { Context } from '../../context.ts';
import type { NewEnvironment } from './render.ts';

export async function askFor(given: NewEnvironment, { io, terminal }: Context): Promise<NewEnvironment> {
  const lines = createInterface({ input: io.stdin.stream(), terminal: false });
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (question: string, otherwise: string): Promise<string> => {
    terminal.ask(`${question}${otherwise === '' ? '' : ` [${otherwise}]`}: `);
    const { value, done } = await answers.next();
    if (done === true) throw new ApikeyError('CANCELLED', 'cancelled: nothing was written');
    return value.trim() || otherwise;
  };
  try {
    const env = await ask('Name of the environment', given.env);
    const local = env === DEFAULT_ENVIRONMENT;
    const onAws =
      given.registry === undefined &&
      given.keys === undefined &&
      (await yes(ask, 'On AWS, with DynamoDB and KMS? y/n', local));
    const [table, alias] = [`dynamodb:apikey-${env}`, `awskms:alias/apikey-${env}`];
    const registry = given.registry ?? (await ask('Registry', onAws ? table : (SETTINGS.registry.fallback ?? '')));
    const keys = given.keys ?? (await ask('Signing keys', onAws ? alias : (SETTINGS.keys.fallback ?? '')));
    const issuer = await ask(
      'Issuer, the URL that names you in tokens',
      local ? (SETTINGS.issuer.localFallback ?? '') : '',
    );
    const audience =
      given.audience ??
      (await ask('Audience, the URL of the API', local ? (SETTINGS.audience.localFallback ?? '') : issuer));
    return { ...given, env, registry, keys, issuer: issuer || undefined, audience: audience || undefined };
  } finally {
    lines.close();
  }
}

async function yes(
  ask: (question: string, otherwise: string) => Promise<string>,
  question: string,
  local: boolean,
): Promise<boolean> {
  return /^y(?:es)?$/i.test(await ask(question, local ? 'n' : 'y'));
}
