/** Notices in memory: what `NoticeLog` promises, without a table. */
import type { Notice, NoticeLog } from '../ports/notices.ts';

const CLAIM_MILLIS = 15 * 60_000;

export function memoryNotices(): NoticeLog {
  const entries = new Map<string, { readonly sent: boolean; readonly at: number }>();
  const name = ({ jti, days }: Notice): string => `${jti} ${days}`;
  return {
    claim: async (notice, at) => {
      const known = entries.get(name(notice));
      if (known !== undefined && (known.sent || known.at > at - CLAIM_MILLIS)) return false;
      entries.set(name(notice), { sent: false, at });
      return true;
    },
    confirm: async (notice, at) => {
      entries.set(name(notice), { sent: true, at });
    },
    release: async (notice) => {
      entries.set(name(notice), { sent: false, at: 0 });
    },
  };
}
