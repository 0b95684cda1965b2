/** Ten clients that go on calling both APIs while everything else happens, each with a token of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, type Gateway, type Kind, type Reply } from './gateway.ts';
import type { Issued } from './world.ts';

export interface Crowd {
  /** How many answers there have been. */
  readonly answers: number;
  /** What went otherwise than it should have, in a few words each. */
  readonly complaints: readonly string[];
  /** From now on a 500 is what a client may get, until the function that this returns is called. */
  expectFaults(): () => void;
  leave(): Promise<void>;
}

const PAUSE = 40;

/**
 * @param direct for the time of an outage, when a 500 is what has to come
 * @param gateway for all other times
 */
export function startCrowd(direct: Gateway, gateway: Gateway, members: readonly Issued[]): Crowd {
  const complaints: string[] = [];
  let answers = 0;
  let outages = 0;
  /** Rises whenever an outage begins or ends. */
  let changes = 0;
  const leaving = new AbortController();

  const judge = (kind: Kind, member: Issued, { status, seen }: Reply, faultsAllowed: boolean): void => {
    answers += 1;
    const own = status === 200 && seen['client'] === member.client && seen['jti'] === member.jti;
    if (own || (status === 500 && faultsAllowed)) return;
    complaints.push(`${kind} answered ${member.client} with ${status} ${JSON.stringify(seen)}`);
  };
  const visit = async (member: Issued, first: number): Promise<void> => {
    for (let turn = first; !leaving.signal.aborted; turn += 1) {
      const kind = turn % 2 === 0 ? KINDS[0] : KINDS[1];
      const [outagesBefore, changesBefore] = [outages, changes];
      try {
        const reply = await (outages > 0 ? direct : gateway)(kind, { token: member.token });
        judge(kind, member, reply, outagesBefore > 0 || outages > 0 || changes !== changesBefore);
      } catch (error) {
        complaints.push(`${kind} did not answer ${member.client}: ${String(error)}`);
      }
      await sleep(PAUSE);
    }
  };
  const visits = Promise.all(members.map(visit));
  return {
    get answers() {
      return answers;
    },
    complaints,
    expectFaults: () => {
      outages += 1;
      changes += 1;
      return () => {
        outages -= 1;
        changes += 1;
      };
    },
    leave: async () => {
      leaving.abort();
      await visits;
    },
  };
}
