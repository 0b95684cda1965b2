/**
 * The order of effects that `issue` and `rotate` share (DESIGN section 6): check the sink, record, sign, verify,
 * deliver, activate.
 */
import { recordIn, type ClientChange } from '../domain/change.ts';
import { RefusedError } from '../domain/errors.ts';
import { policyFingerprint } from '../domain/policy.ts';
import type { Client, TokenRecord } from '../domain/records.ts';
import { reprepareToken } from '../domain/transitions/tokens.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { activateDelivered, type ActivationTerms } from './activate.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import { requireClockFor } from './clock-rule.ts';
import { composeToken, signToken, type TokenContent, type Unsigned } from './compose.ts';
import { changeContext } from './context.ts';
import { deliver } from './deliver.ts';
import { signGrant } from './grants.ts';
import { readActiveKey, type ActiveKey } from './key-ring.ts';
import { rememberingPublicKeys } from './remembered-keys.ts';
import type { RequestIdentity, Resumable } from './requests.ts';
import { requireGranted } from './resume.ts';
import type { ActivatedToken, IssuePlan, OperationDeps } from './types.ts';

/** How old the ring's state may be when a key is used, in milliseconds. */
const MAX_RING_AGE = 60_000;

interface Prepared extends IssuePlan {
  readonly unsigned: Unsigned;
  readonly key: ActiveKey['key'];
  /** When the ring was read, epoch milliseconds. */
  readonly ringReadAt: number;
}

/** What a first commit writes; its grant is signed when it is committed. */
export interface PreparedChange {
  readonly change: ClientChange;
  readonly result: Prepared;
}

/** One try at the first commit, on fresh reads. */
export type Preparation = () => Promise<PreparedChange>;

export type MintedToken = IssuePlan & ActivatedToken;

/** Runs the whole order. When it throws, no token is live that was not delivered. */
export async function mint(
  deps: OperationDeps,
  prepare: Preparation,
  sink: TokenSink,
  terms: (record: TokenRecord) => ActivationTerms = () => ({}),
): Promise<MintedToken> {
  await sink.check();
  // One key signs twice: its public half is read once.
  const keys = rememberingPublicKeys(deps.keys);
  const { unsigned, key, ringReadAt, ...plan } = await commitLoop(deps, COMMIT_BUDGET, async () => {
    const { change, result } = await prepare();
    return { change, result, complete: () => signGrant({ ...deps, keys }, change, result.key) };
  });
  await requireRecentKey(deps, { key, readAt: ringReadAt });
  const { token, kmsRequestId } = await signToken(keys, key, unsigned);
  await deliver(sink, token, plan.record);
  const { record } = plan;
  const activated = await activateDelivered(deps, record, unsigned.payloadSha256, kmsRequestId, terms(record));
  return { ...plan, ...activated };
}

/** What a preparation would record and sign now, writing nothing. */
export async function planMint(deps: OperationDeps, prepare: Preparation): Promise<IssuePlan> {
  const { change, result } = await prepare();
  await requireClockFor(deps, change);
  const { unsigned: _unsigned, key: _key, ringReadAt: _ringReadAt, ...plan } = result;
  return plan;
}

/**
 * Signs anew for a record that an earlier run of the same request left pending: same `jti` and times, new random bits,
 * today's key. Throws what `requireGranted` throws.
 */
export async function resumeMint(
  deps: OperationDeps,
  { client, record }: Resumable,
  request: RequestIdentity | undefined,
  active: ActiveKey,
): Promise<PreparedChange> {
  await requireGranted(deps, { client, record }, request, active.ring);
  const { unsigned, kid } = composeFor(deps, record, active);
  const change = reprepareToken(client, record, { payloadSha256: unsigned.payloadSha256, kid }, changeContext(deps));
  return prepared(change, record.jti, active, unsigned, { registersClient: false, resumes: true });
}

/** The unsigned token of some content under the active key. */
export function composeFor(
  deps: OperationDeps,
  content: TokenContent,
  { key }: ActiveKey,
): { readonly unsigned: Unsigned; readonly kid: string } {
  return { unsigned: composeToken(content, key, deps.entropy), kid: key.kid };
}

/** The decision to commit `change` and then sign what it prepared. */
export function prepared(
  change: ClientChange,
  jti: string,
  { key, readAt }: ActiveKey,
  unsigned: Unsigned,
  plan: Omit<IssuePlan, 'record' | 'alg'>,
): PreparedChange {
  return {
    change,
    result: { ...plan, record: recordIn(change, jti), alg: key.alg, key, ringReadAt: readAt, unsigned },
  };
}

/** Remembers the policy that the first try saw; a later try that sees another one gives up. */
export function policyGuard(): (client: Client | undefined, id: string) => void {
  let first: string | undefined;
  return (client, id) => {
    const policy = policyFingerprint(client);
    first ??= policy;
    if (policy === first) return;
    throw new RefusedError('CLIENT_CHANGED', `client ${id} was changed while this ran`, {
      why: 'it was revoked or suspended, or what it may be given was changed',
      fix: 'look at the client, and run the command again if it still applies',
    });
  };
}

/** Refuses to sign with a key that another has replaced, if what is known of the ring is too old to tell. */
export async function requireRecentKey(
  deps: OperationDeps,
  { key: { kid }, readAt }: Pick<ActiveKey, 'key' | 'readAt'>,
): Promise<void> {
  if (deps.clock.now() - readAt <= MAX_RING_AGE) return;
  const { key } = await readActiveKey(deps);
  if (key.kid === kid) return;
  throw new RefusedError('NO_ACTIVE_KEY', 'another key was activated while this ran', {
    why: `key ${kid} no longer signs`,
    fix: 'run the command again',
  });
}
