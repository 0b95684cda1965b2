/** Whether gateway and function agree on how long answers are reused. */
import { REST_DEFAULT_TTL, type DeployedApi, type DeployedAuthorizer } from '../../backends/gateway.ts';
import type { FunctionFacts } from './api-function.ts';
import { finding, pass, type Check } from './check.ts';

export function ttlChecks(
  { kind }: Pick<DeployedApi, 'kind'>,
  { name, resultTtl }: DeployedAuthorizer,
  found: FunctionFacts | undefined,
): Check[] {
  if (kind === 'WEBSOCKET') {
    return [pass('ttl', `${name} is asked when a socket is opened; an open one is not authorized again`)];
  }
  const agrees = found === undefined || found.assumedTtl >= resultTtl;
  return [
    kind === 'REST' && resultTtl === REST_DEFAULT_TTL
      ? finding(
          'ttl',
          `${name} reuses answers for ${REST_DEFAULT_TTL} s`,
          'that is what a REST API does by itself if nobody says otherwise: a revoked token is let in for five minutes more',
          'set AuthorizerResultTtlInSeconds, to 0 if a revocation has to hold at once',
        )
      : pass('ttl', resultTtl === 0 ? `${name} reuses no answer` : `${name} reuses answers for ${resultTtl} s`),
    ...(agrees
      ? []
      : [
          finding(
            'ttl',
            `${name} reuses answers for ${resultTtl} s, and the function believes ${found.assumedTtl} s`,
            'it allows what the gateway then goes on allowing past the end of a token',
            `set APIKEY_GATEWAY_RESULT_TTL of the function to ${resultTtl}`,
          ),
        ]),
  ];
}
