/** The registry contract, part 5: the last use of a token is kept, read back, and never set back. */
import { describe, expect, it } from 'vitest';
import type { TokenUse } from '../ports/usage.ts';
import { TEST_SECONDS, testJti } from './fixtures.ts';
import type { RegistrySubject } from './registry-contract.ts';

const exp = TEST_SECONDS + 90 * 86_400;

function useOf(n: number, usedAt = TEST_SECONDS): TokenUse {
  return { jti: testJti(n, 'e5'), client: 'usage-partner', usedAt };
}

export function usageContract(subject: RegistrySubject): void {
  describe('usage', () => {
    it('finds no use of a token that was not used, nor of what is no token at all', async () => {
      const { registry } = subject;
      expect(await registry.lastUses([testJti(1, 'e4'), '', 'x'.repeat(5000)])).toEqual(new Map());
      expect(await registry.lastUses([])).toEqual(new Map());
    });

    it('returns what was recorded, by jti, and through every handle', async () => {
      const [first, second] = [useOf(1), useOf(2, TEST_SECONDS + 7)];
      await subject.usage.recordUse({ ...first, exp });
      await subject.usage.recordUse({ ...second, exp });
      const expected = new Map([first, second].map((use) => [use.jti, use]));
      expect(await subject.registry.lastUses([first.jti, testJti(3, 'e5'), second.jti, first.jti])).toEqual(expected);
      const other = await subject.open();
      expect(await other.lastUses([second.jti, first.jti])).toEqual(expected);
    });

    it('keeps the latest use, in whichever order they arrive', async () => {
      const times = [10, 30, 20, 30, 29].map((after) => TEST_SECONDS + after);
      // oxlint-disable-next-line no-await-in-loop -- the order is the point
      for (const usedAt of times) await subject.usage.recordUse({ ...useOf(10, usedAt), exp });
      const { jti } = useOf(10);
      expect((await subject.registry.lastUses([jti])).get(jti)?.usedAt).toBe(TEST_SECONDS + 30);
      const recorded = times.map((usedAt) => subject.usage.recordUse({ ...useOf(11, usedAt), exp }));
      await Promise.all(recorded);
      const later = useOf(11).jti;
      expect((await subject.registry.lastUses([later])).get(later)?.usedAt).toBe(TEST_SECONDS + 30);
    });

    it('answers for more tokens at once than one request of any backend takes', async () => {
      const used = Array.from({ length: 4 }, (_, n) => useOf(100 + n * 80));
      for (const use of used) await subject.usage.recordUse({ ...use, exp });
      const asked = Array.from({ length: 250 }, (_, n) => useOf(100 + n).jti);
      const found = await subject.registry.lastUses(asked);
      expect([...found.keys()].toSorted()).toEqual(used.map(({ jti }) => jti).toSorted());
    });

    it('is no part of a status, a listing or a record', async () => {
      const use = useOf(400);
      await subject.usage.recordUse({ ...use, exp });
      const { registry } = subject;
      const nothing = { record: undefined, client: undefined };
      expect(await registry.readStatus(use.jti, use.client)).toEqual(nothing);
      expect(await registry.findToken(use.jti)).toBeUndefined();
      expect(await registry.getClient(use.client)).toBeUndefined();
    });

    it('records nothing for a caller that has given up', async () => {
      const use = { ...useOf(500), exp };
      const given = new Error('given up');
      await expect(subject.usage.recordUse(use, AbortSignal.abort(given))).rejects.toBe(given);
      expect(await subject.registry.lastUses([use.jti])).toEqual(new Map());
    });

    it('refuses what could not be read back', async () => {
      for (const wrong of [{ usedAt: 1.5 }, { usedAt: -1 }, { jti: 'x' }, { client: '' }]) {
        const recording = subject.usage.recordUse({ ...useOf(501), exp, ...wrong });
        await expect(recording).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
      }
      expect(await subject.registry.lastUses([useOf(501).jti, 'x'])).toEqual(new Map());
    });
  });
}
