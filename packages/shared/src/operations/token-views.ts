/** Token records as people and programs are shown them: judged now, with last use, contact and what needs attention. */
import { endOfLife, isOver, judgeRecord } from '../domain/liveness.ts';
import type { Client, KeyRing, TokenRecord } from '../domain/records.ts';
import { looksUnused, tokenAttention } from './attention.ts';
import { LastUses } from './last-uses.ts';
import type { OperationDeps, TokenVerdict, TokenView } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** A verdict with what follows from the client and its other tokens. */
export interface JudgedToken extends TokenVerdict {
  readonly contact: string | undefined;
  /** The token that replaces it is live. */
  readonly successorLive: boolean;
}

/** A record with its verdict; `now` in epoch seconds. */
export function verdictOf(
  record: TokenRecord,
  client: Client | undefined,
  ring: KeyRing | undefined,
  now: number,
): TokenVerdict {
  const key = ring?.keys.find(({ kid }) => kid === record.kid);
  const reason = judgeRecord(record, client, key, now);
  return { record, live: reason === undefined, reason, over: isOver(record, reason, now) };
}

/** Judges all tokens of one client, which know each other's successors. */
export function judgeOwn(
  records: readonly TokenRecord[],
  client: Client,
  ring: KeyRing | undefined,
  now: number,
): JudgedToken[] {
  const verdicts = records.map((record) => verdictOf(record, client, ring, now));
  const live = new Set(verdicts.filter((verdict) => verdict.live).map(({ record }) => record.jti));
  return verdicts.map((verdict) => ({
    ...verdict,
    contact: client.contact,
    successorLive: live.has(verdict.record.replacedBy ?? ''),
  }));
}

/** Adds to judged tokens what was recorded of their use; call it with as many at once as there are. */
export class TokenViews {
  readonly #deps: ReadDeps;
  readonly #uses: LastUses;

  constructor(deps: ReadDeps) {
    this.#deps = deps;
    this.#uses = new LastUses(deps);
  }

  async of(tokens: readonly JudgedToken[]): Promise<TokenView[]> {
    const now = this.#deps.clock.now() / 1000;
    const uses = await this.#uses.of(tokens.map(({ record }) => record.jti));
    const facts = tokens.map((token) => ({ ...token, lastUsedAt: uses.get(token.record.jti) }));
    const inQuestion = facts.some((it) => it.live && it.lastUsedAt === undefined && looksUnused(it, now));
    const usageKnown = inQuestion && (await this.#uses.anyKnown());
    return facts.map((view) => ({
      ...view,
      remaining: view.over ? 0 : Math.max(0, Math.ceil(endOfLife(view.record) - now)),
      attention: tokenAttention(view, usageKnown, now),
    }));
  }
}

/** The same for records of whatever clients, in their order: reads the clients all at once, and each successor. */
export async function describeTokens(deps: ReadDeps, records: readonly TokenRecord[]): Promise<TokenView[]> {
  const { registry, clock } = deps;
  const ring = await registry.readKeyRing();
  const now = clock.now() / 1000;
  const clients = await registry.getClients([...new Set(records.map(({ client }) => client))]);
  const judged: JudgedToken[] = [];
  for (const record of records) {
    const client = clients.get(record.client);
    const verdict = verdictOf(record, client, ring, now);
    const { replacedBy } = record;
    // Of a token that is not live nobody asks what replaces it.
    const successor =
      replacedBy !== undefined && verdict.live ? await registry.getToken(record.client, replacedBy) : undefined;
    const successorLive = successor !== undefined && verdictOf(successor, client, ring, now).live;
    judged.push({ ...verdict, contact: client?.contact, successorLive });
  }
  return new TokenViews(deps).of(judged);
}
