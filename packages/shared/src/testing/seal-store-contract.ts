/** What every store of seals must do, whatever it is made of: the port's promises as tests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealStore } from '../ports/seal-store.ts';

export interface SealStoreSubject {
  /** Another handle on the same store, as another process would have it. */
  open(): SealStore;
  remove(): Promise<void>;
}

const at = (minute: number): string => `2027-01-15T08:${String(minute).padStart(2, '0')}:00.000Z`;

/** Registers the suite; its tests go on where the one before stopped. */
export function sealStoreContract(name: string, create: () => Promise<SealStoreSubject>): void {
  describe(`${name} keeps the contract of a store of seals`, () => {
    let made: SealStoreSubject | undefined;
    const open = (): SealStore => {
      if (made === undefined) throw new TypeError('the store was not made');
      return made.open();
    };
    beforeAll(async () => {
      made = await create();
    });
    afterAll(async () => made?.remove());

    it('has none at first', async () => {
      expect(await open().latest()).toBeUndefined();
    });

    it('gives back the newest by its time, not the one that was kept last, to every handle', async () => {
      await open().put(at(2), 'a.second.seal');
      await open().put(at(1), 'a.first.seal');
      expect(await open().latest()).toBe('a.second.seal');
    });

    it('does not mind the same seal again, nor two of one time', async () => {
      await open().put(at(2), 'a.second.seal');
      expect(await open().latest()).toBe('a.second.seal');
      await Promise.all([open().put(at(3), 'one.at.once'), open().put(at(3), 'another.at.once')]);
      expect(['one.at.once', 'another.at.once']).toContain(await open().latest());
    });

    it('keeps one of two million characters whole', async () => {
      const long = Array.from({ length: 40_000 }, (_, n) => `${n}`.padStart(50, 'x')).join('');
      await open().put(at(4), long);
      expect((await open().latest()) === long).toBe(true);
    });
  });
}
