/** Processes that issue at once, on any backend. */
import { describe, expect, it } from 'vitest';
import { expectSound, jtiOf, type LoadBackend } from './load-world.ts';

const PROCESSES = 8;

/** @param each tokens that each process issues, one after the other */
export function describeIssueLoad(name: string, backend: LoadBackend, each: number): void {
  const total = PROCESSES * each;

  describe(`${PROCESSES} processes that issue tokens for one client at once, on ${name}`, () => {
    it('lose none: every token is listed and live, and the event chain is intact', { timeout: 900_000 }, async () => {
      using world = await backend();
      const { cli } = world;
      const issueMany = async (): Promise<string[]> => {
        const tokens: string[] = [];
        for (let n = 0; n < each; n += 1) {
          const { code, stdout, stderr } = await cli.run(['issue', '--client', 'partner', '-q']);
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          tokens.push(stdout);
        }
        return tokens;
      };
      const tokens = (await Promise.all(Array.from({ length: PROCESSES }, issueMany))).flat();
      expect(new Set(tokens).size).toBe(total);
      const listed = await cli.json<{ jti: string; live: boolean }[]>(['list', '--client', 'partner']);
      expect(listed.filter(({ live }) => live)).toHaveLength(total);
      expect(new Set(tokens.map(jtiOf))).toEqual(new Set(listed.map(({ jti }) => jti)));

      const registry = await world.openRegistry();
      try {
        // One event registers the client; each token is prepared and activated.
        expect(await expectSound(registry)).toMatchObject({ version: 2 * total, eventSeq: 2 * total + 1 });
        expect((await registry.readKeyRing())?.keys).toHaveLength(1);
      } finally {
        await registry.close();
      }
    });
  });
}
