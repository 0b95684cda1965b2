/**
 * The commits of one client, one at a time. It knows what its own last commit left, so that the next one needs no read:
 * the version that a commit expects proves that nobody else came in between.
 */
import type { ClientChange } from '../domain/change.ts';
import type { Client } from '../domain/records.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import type { OperationDeps } from './types.ts';

export interface LaneDecision<T> {
  readonly change: ClientChange | undefined;
  readonly result: T;
  /** As that of a `Decision`. */
  readonly complete?: () => Promise<ClientChange>;
}

/**
 * One try at a commit. `era` changes whenever somebody else may have written: a record that the caller remembers from
 * the same era is the one in the registry, if the commit succeeds; otherwise it has to be read, which is done now.
 */
export type LaneTry<T> = (client: Client | undefined, era: number) => Promise<LaneDecision<T>>;

export class ClientLane {
  readonly #deps: OperationDeps;
  /** Whose commits they are. */
  readonly client: string;
  #known: { readonly client: Client | undefined } | undefined;
  #era = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param known the client as it was read before, if it existed */
  constructor(deps: OperationDeps, id: string, known: Client | undefined) {
    this.#deps = deps;
    this.client = id;
    this.#known = { client: known };
  }

  /** Commits once all that was asked before is done. Throws as `commitLoop` does. */
  commit<T>(decide: LaneTry<T>): Promise<T> {
    const turn = this.#last.then(() => this.#commit(decide));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #commit<T>(decide: LaneTry<T>): Promise<T> {
    let after: Client | undefined;
    const result = await commitLoop(this.#deps, COMMIT_BUDGET, async () => {
      const client = await this.#takeKnown();
      const decision = await decide(client, this.#era);
      after = decision.change?.client ?? client;
      return decision;
    });
    this.#known = { client: after };
    return result;
  }

  /** What is known is good for one try: after a lost race, or an error, the client is read. */
  async #takeKnown(): Promise<Client | undefined> {
    const known = this.#known;
    this.#known = undefined;
    if (known !== undefined) return known.client;
    this.#era += 1;
    return this.#deps.registry.getClient(this.client);
  }
}
