/** Some tokens of one client on their way: two commits for all of them, a signature and a delivery for each. */
import { unfinished } from './activate.ts';
import { decideActivation } from './bulk-activation.ts';
import { decidePreparation } from './bulk-preparation.ts';
import { failed, type BulkItem, type BulkRun, type DeliveredItem, type PreparedItem, type Told } from './bulk-run.ts';
import type { ClientLane } from './client-lane.ts';
import { signToken } from './compose.ts';
import { deliver } from './deliver.ts';
import { policyGuard, requireRecentKey } from './mint.ts';

const RUN_AGAIN = 'run the same command again: it finishes what is pending, and issues nothing twice';

/** Resolves once every item was told of. Rejects for a bug alone. */
export async function issueBatch(run: BulkRun, lane: ClientLane, items: readonly BulkItem[]): Promise<void> {
  const prepared = await prepare(run, lane, items);
  const delivered = await Promise.all(prepared.map((item) => signAndDeliver(run, item)));
  await activate(
    run,
    lane,
    delivered.filter((item) => item !== undefined),
  );
}

async function prepare(run: BulkRun, lane: ClientLane, items: readonly BulkItem[]): Promise<readonly PreparedItem[]> {
  const guardPolicy = policyGuard();
  try {
    const { prepared, told } = await run.pace.patiently(() =>
      lane.commit((client, era) => {
        guardPolicy(client, lane.client);
        return decidePreparation(run, items, client, era);
      }),
    );
    tellAll(run, told);
    return prepared;
  } catch (error) {
    const outcome = failed(error);
    for (const { index } of items) run.tell(index, outcome);
    return [];
  }
}

async function signAndDeliver(run: BulkRun, prepared: PreparedItem): Promise<DeliveredItem | undefined> {
  const { deps, sink, pace } = run;
  const { item, record, unsigned, active } = prepared;
  try {
    const { token, kmsRequestId } = await pace.patiently(async () => {
      await pace.turn();
      await requireRecentKey(deps, active);
      return signToken(deps.keys, active.key, unsigned);
    });
    await deliver(sink, token, record, RUN_AGAIN);
    return { ...prepared, kmsRequestId };
  } catch (error) {
    run.tell(item.index, failed(error));
    return undefined;
  }
}

async function activate(run: BulkRun, lane: ClientLane, delivered: readonly DeliveredItem[]): Promise<void> {
  if (delivered.length === 0) return;
  try {
    const told = await run.pace.patiently(() =>
      lane.commit((client, era) => decideActivation(run, delivered, client, era)),
    );
    tellAll(run, told);
  } catch (error) {
    for (const { item, record } of delivered) run.tell(item.index, failed(unfinished(error, record.jti, RUN_AGAIN)));
  }
}

function tellAll({ tell }: BulkRun, told: readonly Told[]): void {
  for (const [{ index }, outcome] of told) tell(index, outcome);
}
