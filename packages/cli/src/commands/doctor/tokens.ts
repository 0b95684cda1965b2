/** Tokens whose issue was never finished, and what a revocation promises. */
import { formatSeconds, listTokens, type Clock, type Registry, type TokenView } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import { counted } from '../../counted.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { attempted, finding, pass, type Check } from './check.ts';

const NAMED = 5;

export function checkPending(registry: Registry, clock: Clock, { env }: Settings): Promise<readonly Check[]> {
  return attempted('pending', async () => {
    const old: TokenView[] = [];
    for await (const view of listTokens({ registry, clock }, { state: 'pending' })) {
      if (view.attention.includes('pending')) old.push(view);
    }
    if (old.length === 0) return [pass('pending', 'no token has been pending for more than a day')];
    const named = old
      .slice(0, NAMED)
      .map(({ record }) => `${record.jti} of ${record.client}, ${formatSeconds(record.iat)}`);
    return [
      finding(
        'pending',
        `${counted(old.length, 'token')} ${old.length === 1 ? 'has' : 'have'} been pending for more than a day`,
        `issued and never activated: ${named.join('; ')}${old.length > NAMED ? '; ...' : ''}`,
        `whoever holds the token: apikey activate --env ${env.value} JTI; otherwise: apikey revoke --env ${env.value} JTI`,
      ),
    ];
  });
}

/** The one formula of docs/authorizer.md, for the authorizers of this environment as the configuration describes them. */
export function boundCheck(settings: Settings): Check {
  const { gatewayResultTtl, maxStaleness, staleIfError } = settings;
  const { tokens: seconds } = configuredBound(settings);
  const parts = `gateway_result_ttl ${gatewayResultTtl} + max_staleness ${maxStaleness} + stale_if_error ${staleIfError}`;
  return pass(
    'bound',
    seconds === 0
      ? `a revocation holds for the next request (${parts})`
      : `a revocation holds everywhere within ${seconds} s (${parts}${gatewayResultTtl > 0 ? ' + 2' : ''})`,
  );
}
