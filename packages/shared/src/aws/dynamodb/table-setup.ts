/** Looks at an environment's table, and carries out the steps of a plan for it. */
import {
  CreateTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { UnavailableError } from '../../ports/errors.ts';
import type { Delay } from '../../ports/clock.ts';
import type { Session } from '../session.ts';
import { text } from '../vendor-error.ts';
import { INDEX } from './keys.ts';
import { dynamoSession, type DynamoClient, type DynamoTarget } from './reads.ts';
import { describeTable, inspectTable, type RecoveryLook, type TableFacts } from './table-facts.ts';
import type { TableStep } from './table-plan.ts';
import { createTableInput, type TableSpec } from './table-spec.ts';

const POLL_MILLIS = 1_000;
/** DynamoDB needs seconds for a table with an index, rarely a minute. */
const MAX_POLLS = 180;

export interface TableSetup {
  /** Absent where there is no table. */
  inspect(look?: RecoveryLook): Promise<TableFacts | undefined>;
  /** Carries out one step and waits until it holds; one that somebody else carried out meanwhile counts as done. */
  apply(step: TableStep, spec: TableSpec): Promise<void>;
  /** Waits until table and index are `ACTIVE`. Throws `UnavailableError` after three minutes. */
  waitUntilReady(): Promise<void>;
  close(): void;
}

export function tableSetup(target: DynamoTarget, delay: Delay): TableSetup {
  const session = dynamoSession(target);
  const { table } = target;
  const waitUntilReady = (): Promise<void> => waitForTable(session, table, delay);
  return {
    inspect: (look) => inspectTable(session, table, look),
    waitUntilReady,
    apply: async (step, spec) => {
      if (step === 'create-table') await createTable(session, spec);
      await waitUntilReady();
      if (step === 'enable-ttl') await enableTtl(session, spec);
      if (step === 'enable-point-in-time-recovery') await enableRecovery(session, spec, delay);
    },
    close: () => session.close(),
  };
}

async function createTable(session: Session<DynamoClient>, spec: TableSpec): Promise<void> {
  const call = { action: 'dynamodb:CreateTable', resource: spec.name, write: true } as const;
  await session
    .run(call, (client, abortSignal) => client.send(new CreateTableCommand(createTableInput(spec)), { abortSignal }))
    .catch((error: unknown) => {
      // Another set-up was faster, or an attempt of this one that got no answer.
      if (vendorName(error) !== 'ResourceInUseException') throw error;
    });
}

/** Called only where TTL is off: within an hour, a second change is refused whatever it says. */
async function enableTtl(session: Session<DynamoClient>, spec: TableSpec): Promise<void> {
  const input = {
    TableName: spec.name,
    TimeToLiveSpecification: { Enabled: true, AttributeName: spec.ttlAttribute },
  };
  const call = { action: 'dynamodb:UpdateTimeToLive', resource: spec.name, write: true } as const;
  await session
    .run(call, (client, abortSignal) => client.send(new UpdateTimeToLiveCommand(input), { abortSignal }))
    .catch(async (error: unknown) => {
      const facts = await inspectTable(session, spec.name, 'optional');
      if (facts?.ttlAttribute !== spec.ttlAttribute || !facts.ttlStatus.startsWith('ENABL')) throw error;
    });
}

async function enableRecovery(session: Session<DynamoClient>, spec: TableSpec, delay: Delay): Promise<void> {
  const input = { TableName: spec.name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
  const call = { action: 'dynamodb:UpdateContinuousBackups', resource: spec.name, write: true } as const;
  for (let polls = 1; ; polls += 1) {
    try {
      await session.run(call, (client, abortSignal) =>
        client.send(new UpdateContinuousBackupsCommand(input), { abortSignal }),
      );
      return;
    } catch (error) {
      // Backups of a new table are switched on behind the scenes, some seconds after it is ACTIVE.
      if (vendorName(error) !== 'ContinuousBackupsUnavailableException' || polls > MAX_POLLS) throw error;
      await delay.wait(POLL_MILLIS);
    }
  }
}

async function waitForTable(session: Session<DynamoClient>, table: string, delay: Delay): Promise<void> {
  for (let polls = 0; polls < MAX_POLLS; polls += 1) {
    const description = await describeTable(session, table);
    if (description !== undefined && isActive(description)) return;
    await delay.wait(POLL_MILLIS);
  }
  throw new UnavailableError('the registry is still being created', {
    why: `the table ${table} did not become ACTIVE within three minutes`,
    fix: 'run `apikey init` again in a while; it goes on where it stopped',
  });
}

/** An index that is missing is a difference to report, and none to wait for. */
function isActive({ TableStatus, GlobalSecondaryIndexes }: TableDescription): boolean {
  const index = GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === INDEX);
  return TableStatus === 'ACTIVE' && (index === undefined || index.IndexStatus === 'ACTIVE');
}

function vendorName(error: unknown): string | undefined {
  return error instanceof Error ? text(error.cause, 'name') : undefined;
}
