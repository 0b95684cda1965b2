/** The table of an environment on DynamoDB: what `init` makes and `doctor` compares. */
import type { ApikeyError } from '@apikey/shared';
import type { TableDifference, TableFacts, TableSetup, TableStep } from '@apikey/shared/dynamodb';
import type { Settings } from '../config/resolve.ts';
import type { Io } from '../io.ts';

export type { TableDifference, TableFacts, TableStep } from '@apikey/shared/dynamodb';

export interface TableState {
  /** Absent where there is no table. */
  readonly facts: TableFacts | undefined;
  /** What is still to be done. */
  readonly steps: readonly TableStep[];
  /** What is otherwise than it should be, and was somebody's choice. */
  readonly differences: readonly TableDifference[];
  /** Whether table and index can be used now. */
  readonly ready: boolean;
}

export interface Table extends Disposable {
  look(): Promise<TableState>;
  /** Carries out a step. Answers why it could not, where the environment works without it; throws everything else. */
  apply(step: TableStep): Promise<ApikeyError | undefined>;
  waitUntilReady(): Promise<void>;
  /** What a step does, in a few words. */
  words(step: TableStep): string;
}

/** Tag by which cost reports and policies find what belongs to an environment. */
const ENVIRONMENT_TAG = 'apikey:environment';

export async function openTable(settings: Settings, { delay }: Pick<Io, 'delay'>): Promise<Table> {
  const aws = await import('@apikey/shared/dynamodb');
  const table = settings.registry.place;
  const setup: TableSetup = aws.tableSetup({ table, ...settings.aws }, delay);
  const spec = aws.tableSpec(table, { [ENVIRONMENT_TAG]: settings.env.value });
  return {
    look: async () => {
      const facts = await setup.inspect('optional');
      return {
        facts,
        steps: aws.planTable(facts),
        differences: facts === undefined ? [] : aws.compareTable(facts, spec),
        ready: facts !== undefined && aws.isReady(facts),
      };
    },
    apply: async (step) => {
      try {
        await setup.apply(step, spec);
        return undefined;
      } catch (error) {
        if (step === 'enable-point-in-time-recovery' && aws.isAboutRecovery(error)) return error;
        throw error;
      }
    },
    waitUntilReady: () => setup.waitUntilReady(),
    words: (step) => aws.TABLE_STEPS[step],
    [Symbol.dispose]: () => setup.close(),
  };
}
