/** Checks the request records of one client against the events that prepared their tokens. */
import type { Finding } from '../domain/findings.ts';
import type { EpochSeconds, RequestRecord } from '../domain/records.ts';
import type { Replay } from '../domain/replay.ts';
import { damageOf, isDamage, type AuditSource } from './audit-source.ts';

type Found = (kind: Finding['kind'], rest: Omit<Finding, 'aggregate' | 'kind'>) => void;

export interface RequestCheckContext {
  readonly client: string;
  readonly source: Pick<AuditSource, 'requestsOf' | 'getRequest'>;
  readonly replay: Replay;
  readonly found: Found;
  /** A request whose token expired before this may have been deleted, and its id used again. */
  readonly forgottenBefore: EpochSeconds;
}

export class RequestCheck {
  readonly #context: RequestCheckContext;
  /** Requests that are not as the events told, as far as they were replayed when the requests were read. */
  readonly #doubtful: RequestRecord[] = [];
  readonly #seen = new Set<string>();

  constructor(context: RequestCheckContext) {
    this.#context = context;
  }

  /** Reads what is stored, while the replay stands where the client stood before. */
  async read(): Promise<void> {
    const { client, source, replay } = this.#context;
    const told = [...replay.requests.keys()];
    let damage: string | undefined;
    try {
      for await (const request of source.requestsOf(client, told)) this.#see(request);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage = damageOf(error);
    }
    let named = false;
    for (const id of told) {
      if (this.#seen.has(id)) continue;
      if (damage !== undefined && (await this.#readAlone(id)) === 'damaged') named = true;
      else if (!this.#seen.has(id) && !this.#isForgotten(id)) this.#context.found('request_missing', { subject: id });
    }
    if (damage !== undefined && !named) this.#context.found('damaged', { note: damage });
  }

  /** Reports what all events that were there by now do not explain either. */
  report(): void {
    const { replay, found } = this.#context;
    for (const request of this.#doubtful) {
      const subject = request.id;
      const told = replay.requests.get(subject);
      if (told === undefined) {
        found('request_unexplained', { subject });
        continue;
      }
      const difference = replay.compareRequest(request);
      const usedAgain = told['jti'] !== request.jti && this.#isForgotten(subject);
      if (difference !== undefined && !usedAgain) found('request_differs', { subject, difference });
    }
  }

  #see(request: RequestRecord): void {
    const { replay } = this.#context;
    this.#seen.add(request.id);
    if (!replay.requests.has(request.id) || replay.compareRequest(request) !== undefined) this.#doubtful.push(request);
  }

  async #readAlone(id: string): Promise<'damaged' | undefined> {
    try {
      const request = await this.#context.source.getRequest(id);
      if (request !== undefined) this.#see(request);
      return undefined;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#context.found('damaged', { subject: id, note: damageOf(error) });
      return 'damaged';
    }
  }

  #isForgotten(id: string): boolean {
    const exp = this.#context.replay.requests.get(id)?.['exp'];
    return typeof exp === 'number' && exp < this.#context.forgottenBefore;
  }
}
