/** What to say of an environment that nobody has set up, where no command does it in passing. */
import { ApikeyError, NotFoundError } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';

/** The better error for a registry that is missing; any other comes back as it is. */
export function explainMissing(error: unknown, { env, registry }: Settings): unknown {
  if (!(error instanceof ApikeyError) || error.code !== 'REGISTRY_NOT_FOUND') return error;
  const elsewhere = registry.scheme === 'dynamodb' ? '; or check --region, --profile and the account they lead to' : '';
  return new NotFoundError('REGISTRY_NOT_FOUND', `environment ${env.value} has no registry yet`, {
    ...(error.why === undefined ? {} : { why: error.why }),
    fix: `run: apikey init --env ${env.value}${elsewhere}`,
    cause: error,
  });
}
