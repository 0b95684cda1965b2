/** Rotates tokens through the product, so that some of those that end soon are in their grace. */
import { endOfLife, EXPIRING_SECONDS, revokeToken, rotateToken, type OperationDeps } from '@apikey/shared';
import { nowhere } from '../harness/acting.ts';
import { clientId, dueClients, type Shape } from './shape.ts';

const GRACE = 7 * 86_400;

/** Two for each client with tokens that end soon: one whose successor is live, and one whose successor was revoked since. */
export async function rotateSome(deps: OperationDeps, shape: Shape): Promise<void> {
  for (const client of dueClients(shape).map(clientId)) {
    const records = await Array.fromAsync(deps.registry.tokensOfClient(client));
    const soon = deps.clock.now() / 1000 + EXPIRING_SECONDS;
    const [left, found] = records.filter((record) => endOfLife(record) > soon);
    if (left === undefined || found === undefined) throw new Error(`${client} has nothing to rotate`);
    // oxlint-disable no-await-in-loop -- of one client everything is done in turn
    await rotateToken(deps, { client, jti: left.jti, grace: GRACE, takeOver: false }, nowhere);
    const { record } = await rotateToken(deps, { client, jti: found.jti, grace: GRACE, takeOver: false }, nowhere);
    await revokeToken(deps, { client, jti: record.jti });
    // oxlint-enable no-await-in-loop
  }
}
