/** What every log of notices must do, whatever keeps it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Notice, NoticeLog } from '../ports/notices.ts';

const AT = Date.parse('2027-02-01T00:00:00Z');
const MINUTE = 60_000;

export function noticeLogContract(name: string, open: () => NoticeLog): void {
  const notice = (days = 14): Notice => ({ jti: randomUUID(), days, exp: AT / 1000 + 86_400 });

  describe(`${name}: a log of notices`, () => {
    it('gives a notice to one of many who want it', async () => {
      const log = open();
      const one = notice();
      const claims = await Promise.all(Array.from({ length: 8 }, () => log.claim(one, AT)));
      expect(claims.filter(Boolean)).toHaveLength(1);
    });

    it('never gives away one that was sent', async () => {
      const log = open();
      const one = notice();
      await log.claim(one, AT);
      await log.confirm(one, AT);
      expect(await log.claim(one, AT + 365 * 86_400_000)).toBe(false);
    });

    it('takes it from one who said no word for a quarter of an hour', async () => {
      const log = open();
      const one = notice();
      await log.claim(one, AT);
      expect(await log.claim(one, AT + 14 * MINUTE)).toBe(false);
      expect(await log.claim(one, AT + 15 * MINUTE)).toBe(true);
      expect(await log.claim(one, AT + 16 * MINUTE)).toBe(false);
    });

    it('gives a released one to the next who asks', async () => {
      const log = open();
      const one = notice();
      await log.claim(one, AT);
      await log.release(one);
      expect(await log.claim(one, AT + 1)).toBe(true);
    });

    it('tells one number of days from another', async () => {
      const log = open();
      const one = notice(30);
      await log.claim(one, AT);
      expect(await log.claim({ ...one, days: 14 }, AT)).toBe(true);
      expect(await log.claim({ ...one, jti: randomUUID() }, AT)).toBe(true);
    });
  });
}
