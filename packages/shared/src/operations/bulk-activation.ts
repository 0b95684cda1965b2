/** The last commit of a batch: what was delivered becomes live. */
import { RefusedError } from '../domain/errors.ts';
import type { Client, TokenRecord } from '../domain/records.ts';
import { activatedRecord, activateTokens, type Activation } from '../domain/transitions/tokens.ts';
import { failed, type BulkRun, type DeliveredItem, type Told } from './bulk-run.ts';
import type { LaneDecision } from './client-lane.ts';
import { changeContext } from './context.ts';

/** One try. Reads the ring anew, and the records unless only this run can have changed them. */
export async function decideActivation(
  { deps, rings }: Pick<BulkRun, 'deps' | 'rings'>,
  delivered: readonly DeliveredItem[],
  client: Client | undefined,
  era: number,
): Promise<LaneDecision<readonly Told[]>> {
  const ring = await rings.fresh();
  const records = await Promise.all(
    delivered.map(async ({ record, era: own }) =>
      own === era ? record : deps.registry.getToken(record.client, record.jti),
    ),
  );
  const context = changeContext(deps);
  const activations: Activation[] = [];
  const told: Told[] = [];
  for (const [n, { item, record: prepared, unsigned, kmsRequestId, registersClient, resumes }] of delivered.entries()) {
    const { payloadSha256 } = unsigned;
    try {
      const record = records[n];
      if (client === undefined || record === undefined) throw gone(prepared);
      // An earlier try of this very activation whose answer was lost.
      const done = record.state === 'active' && record.payloadSha256 === payloadSha256;
      const activation = { record, payloadSha256, ring, kmsRequestId };
      // Alone first: one that is refused must not stop the others.
      const active = done ? record : activatedRecord(client, activation, context);
      if (!done) activations.push(activation);
      told.push([item, { kind: 'issued', record: active, registersClient, resumes }]);
    } catch (error) {
      told.push([item, failed(error)]);
    }
  }
  const nothing = client === undefined || activations.length === 0;
  return { change: nothing ? undefined : activateTokens(client, activations, context), result: told };
}

function gone({ jti }: TokenRecord): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${jti} is no longer in the registry`, {
    why: 'its record was removed from outside',
    fix: 'issue another token',
  });
}
