/** `apikey doctor --api`: whether an API's authorizers keep what is promised, and how long a revocation really takes. */
import { revocationBound } from '@apikey/shared';
import { readApi, readFunctionVariables, type DeployedApi, type DeployedAuthorizer } from '../../backends/gateway.ts';
import type { Settings } from '../../config/resolve.ts';
import { counted } from '../../counted.ts';
import { cacheKeyChecks } from './api-cache-key.ts';
import { functionChecks, readFunction, type FunctionFacts } from './api-function.ts';
import { ttlChecks } from './api-ttl.ts';
import { failed, finding, pass, unchecked, type Check } from './check.ts';

export interface ApiReport {
  readonly checks: readonly Check[];
  /** The longest of its authorizers; absent where it could not be found out. */
  readonly revocationSeconds: number | undefined;
}

export async function checkApi(settings: Settings, id: string): Promise<ApiReport> {
  try {
    const api = await readApi(settings, id);
    if (api === undefined) return { checks: [missing(id)], revocationSeconds: undefined };
    if (api.authorizers.length === 0) return { checks: [unguarded(api, id)], revocationSeconds: undefined };
    const reports = await Promise.all(api.authorizers.map((it) => checkAuthorizer(api, it, settings)));
    const bounds = reports.map(({ revocationSeconds }) => revocationSeconds);
    const known = bounds.filter((bound) => bound !== undefined);
    const what = `${api.name} (${api.kind}) has ${counted(api.authorizers.length, 'Lambda authorizer')}`;
    return {
      checks: [pass('api', what), ...reports.flatMap(({ checks }) => checks)],
      revocationSeconds: known.length === bounds.length ? Math.max(...known) : undefined,
    };
  } catch (error) {
    return { checks: [failed('api', error)], revocationSeconds: undefined };
  }
}

/** What is deployed, told apart from how it was read, so that each combination can be tested. */
export function judgeAuthorizer(
  api: Pick<DeployedApi, 'kind'>,
  authorizer: DeployedAuthorizer,
  found: FunctionFacts | undefined,
  settings: Pick<Settings, 'registry' | 'issuer' | 'audience'>,
): ApiReport {
  const before = [...ttlChecks(api, authorizer, found), ...cacheKeyChecks(api, authorizer, found)];
  if (found === undefined) {
    const what = `the function of ${authorizer.name} is not configured by APIKEY_ variables: its staleness is not known`;
    const floor = `a revocation takes ${authorizer.resultTtl} s for the gateway alone`;
    return {
      checks: [...before, unchecked('function', what), unchecked('bound', floor)],
      revocationSeconds: undefined,
    };
  }
  const { staleness, staleIfError, keysStaleness } = found;
  const { resultTtl: gatewayResultTtl } = authorizer;
  const maxStaleness = { tokens: staleness, keys: keysStaleness };
  const { tokens: seconds, keys: keySeconds } = revocationBound({ gatewayResultTtl, maxStaleness, staleIfError });
  const parts = `result TTL ${gatewayResultTtl} + staleness ${staleness} + stale if error ${staleIfError}`;
  const decision = gatewayResultTtl > 0 ? ' + 2 to decide' : '';
  const when = seconds === 0 ? 'for the next request' : `within ${seconds} s`;
  const bound = `${authorizer.name}: a revocation holds ${when} (${parts}${decision}), that of a key within ${keySeconds} s`;
  return { checks: [...before, ...functionChecks(found, settings), pass('bound', bound)], revocationSeconds: seconds };
}

async function checkAuthorizer(
  api: DeployedApi,
  authorizer: DeployedAuthorizer,
  settings: Settings,
): Promise<ApiReport> {
  const { functionArn, name } = authorizer;
  const variables = functionArn === undefined ? undefined : await readFunctionVariables(settings, functionArn);
  if (variables === undefined) {
    const what = `the function of ${name} does not exist: ${functionArn ?? 'its URI names none'}`;
    const why = 'every request is answered with 500';
    const checks = [finding('function', what, why, 'name the authorizer function in the URI of the authorizer')];
    return { checks, revocationSeconds: undefined };
  }
  return judgeAuthorizer(api, authorizer, readFunction(variables), settings);
}

function missing(id: string): Check {
  return finding(
    'api',
    `there is no API ${id}`,
    'account or Region may be others, or this is not the id of a REST, HTTP or WebSocket API',
    'the ids are in the stack outputs RestApiId and HttpApiId; check --profile and --region',
  );
}

function unguarded({ name, kind }: DeployedApi, id: string): Check {
  return finding(
    'api',
    `${name} (${kind}, ${id}) has no Lambda authorizer`,
    'nothing of apikey guards it',
    'give it one, as infra/example-api.yaml does',
  );
}
