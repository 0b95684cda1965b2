/** No tampering goes unseen, and nothing honest is suspected: random histories, each falsified in every way. */
import { verifyAudit, type AuditReport, type SealStatement } from '@apikey/shared';
import { describe, expect, it } from 'vitest';
import { documentSource, randomHistory, sealOf, type Documents, type History } from './audit-documents.ts';
import { TAMPERINGS, TRACELESS, WITH_KEYS } from './audit-tampering.ts';
import { seededNumbers, sized } from './built-cli.ts';

const HISTORIES = sized(40, 1000);

function check(
  documents: Documents,
  { now, grants }: Pick<History, 'now'> & Partial<History>,
  seal?: SealStatement,
): Promise<AuditReport> {
  return verifyAudit(documentSource(documents), { now, seal, grants });
}

describe('audit verify', () => {
  it('suspects no honest history, and finds every falsification of it', async () => {
    const kinds = Object.entries({ ...TAMPERINGS, ...WITH_KEYS });
    const missed: string[] = [];
    const alarms: string[] = [];
    let found = 0;
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const history = await randomHistory(seed);
      const clean = await check(history.documents, history, sealOf(history.documents));
      if (clean.findings.length > 0) alarms.push(`history ${seed}: ${JSON.stringify(clean.findings[0])}`);
      for (const [position, [kind, tamper]] of kinds.entries()) {
        const documents = structuredClone(history.documents);
        tamper(documents, seededNumbers(seed * 1_000 + position), history);
        const { findings } = await check(documents, history);
        if (findings.length > 0) found += 1;
        else missed.push(`history ${seed}: ${kind}`);
      }
    }
    expect(alarms).toEqual([]);
    expect(missed).toEqual([]);
    expect(found).toBe(HISTORIES * kinds.length);
  });

  it('needs a seal for what leaves no trace in what is left, and finds it with one', async () => {
    const blind: string[] = [];
    const missed: string[] = [];
    for (let seed = 1; seed <= Math.ceil(HISTORIES / 4); seed += 1) {
      const history = await randomHistory(seed);
      const seal = sealOf(history.documents);
      for (const [position, [kind, tamper]] of Object.entries(TRACELESS).entries()) {
        const documents = structuredClone(history.documents);
        tamper(documents, seededNumbers(seed * 1_000 + position), history);
        // Said in SECURITY.md: if a bare chain ever shows it, say so there.
        if ((await check(documents, { now: history.now })).findings.length > 0) blind.push(`history ${seed}: ${kind}`);
        if ((await check(documents, history, seal)).findings.length === 0) missed.push(`history ${seed}: ${kind}`);
      }
    }
    expect(blind).toEqual([]);
    expect(missed).toEqual([]);
  });
});
