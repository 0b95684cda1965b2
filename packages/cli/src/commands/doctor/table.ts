/** Whether the table of an environment is as `init` makes it. */
import { openTable, type TableDifference, type TableFacts, type TableState } from '../../backends/table.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Io } from '../../io.ts';
import { attempted, finding, pass, type Check } from './check.ts';

export function checkTable(settings: Settings, io: Io): Promise<readonly Check[]> {
  return attempted('table', async () => {
    using table = await openTable(settings, io);
    const state = await table.look();
    const { facts } = state;
    return facts === undefined ? [missing(settings)] : tableChecks(facts, state, settings);
  });
}

function recoveryCheck({ pointInTimeRecovery, recoveryUnknown: failure }: TableFacts, init: string): Check {
  if (pointInTimeRecovery) return pass('recovery', 'point-in-time recovery is on');
  const why = 'what is deleted or changed by hand is lost';
  if (failure === undefined) return finding('recovery', 'point-in-time recovery is off', why, init);
  const met = `${failure.message}${failure.why === undefined ? '' : `: ${failure.why}`}`;
  const what = 'point-in-time recovery may be off: it could not be looked at';
  return { ...finding('recovery', what, `${met}; without it, ${why}`, failure.fix ?? init), code: failure.code };
}

function missing({ registry, env }: Settings): Check {
  return finding(
    'table',
    `there is no table ${registry.place}`,
    'the environment has not been set up here, or Region or account are others',
    `run: apikey init --env ${env.value}; or check --region and --profile`,
  );
}

function tableChecks(facts: TableFacts, state: TableState, { registry, env }: Settings): Check[] {
  const table = registry.place;
  const aws = (command: string): string => `aws dynamodb ${command} --table-name ${table}`;
  const init = `run: apikey init --env ${env.value}`;
  const differing = (words: RegExp): readonly TableDifference[] =>
    state.differences.filter(({ property }) => words.test(property));
  const judged = (name: string, words: RegExp, good: string, why: string, fix: string): Check[] => {
    const found = differing(words);
    if (found.length === 0) return [pass(name, good)];
    return found.map((row) => finding(name, `${row.property} is ${row.actual}, expected ${row.expected}`, why, fix));
  };
  return [
    state.ready
      ? pass('table', `${table} is ${facts.status}`)
      : finding(
          'table',
          `${table} is ${facts.status}, its index ${facts.indexStatus}`,
          'it cannot be used yet',
          'wait a minute',
        ),
    ...judged(
      'table',
      /^(?:partition|sort) key/,
      'its keys are those of apikey',
      'this is not a table of apikey',
      `name another table as registry of [envs.${env.value}]`,
    ),
    ...judged(
      'index',
      /^index/,
      `by-time is ${facts.indexStatus}`,
      'listings over all clients go through it',
      `make the index as docs/aws.md describes it, or name another table as registry of [envs.${env.value}]`,
    ),
    state.steps.includes('enable-ttl')
      ? finding('ttl', 'time to live is off', 'what is past its retention is never removed', init)
      : (judged(
          'ttl',
          /^TTL/,
          `items past their retention expire by the attribute ${facts.ttlAttribute}`,
          'what is past its retention is never removed, or something else is',
          `turn it off, wait an hour, and run: apikey init --env ${env.value}`,
        )[0] ?? pass('ttl', 'on')),
    recoveryCheck(facts, init),
    ...judged(
      'protection',
      /^deletion protection/,
      'deletion protection is on',
      'one call can delete the registry, and with it all tokens',
      aws('update-table --deletion-protection-enabled'),
    ),
    ...judged(
      'billing',
      /^billing/,
      'on demand',
      'beyond its provisioned throughput, tokens can be neither issued nor checked',
      aws('update-table --billing-mode PAY_PER_REQUEST'),
    ),
  ];
}
