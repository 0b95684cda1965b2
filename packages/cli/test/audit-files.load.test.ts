/** The same falsifications in real files: a registry that was edited with SQL, and the export that is made of it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomHistory } from './audit-documents.ts';
import { replaceRegistry } from './audit-sqlite.ts';
import { TAMPERINGS } from './audit-tampering.ts';
import { seededNumbers, sized } from './built-cli.ts';
import { Session } from './session.ts';

const HISTORIES = sized(1, 40);

it('audit verify finds every falsification of a registry file, and of an export that was made of it', async () => {
  using session = new Session();
  const copy = join(session.home, 'audit.jsonl');
  const missed: string[] = [];
  let exported = 0;
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const history = await randomHistory(seed);
    session.now = history.now;
    await replaceRegistry(session.dataDir, history.documents);
    for (const argv of [['verify'], ['export', '-o', copy, '--force'], ['verify', '--from', copy]]) {
      expect(await session.run(['audit', ...argv, '--json'])).toMatchObject({ code: 0, stderr: '' });
    }
    for (const [position, [kind, tamper]] of Object.entries(TAMPERINGS).entries()) {
      const documents = structuredClone(history.documents);
      tamper(documents, seededNumbers(seed * 1_000 + position), history);
      await replaceRegistry(session.dataDir, documents);
      if ((await session.run(['audit', 'verify'])).code !== 11) missed.push(`history ${seed}: ${kind}`);
      const { code } = await session.run(['audit', 'export', '-o', copy, '--force', '-q']);
      // What cannot be read is not exported as if it could.
      if (code === 9) continue;
      expect(code).toBe(0);
      exported += 1;
      const offline = await session.run(['audit', 'verify', '--from', copy]);
      if (offline.code !== 11) missed.push(`export of history ${seed}: ${kind}`);
    }
  }
  expect(missed).toEqual([]);
  expect(exported).toBeGreaterThan((HISTORIES * Object.keys(TAMPERINGS).length) / 2);
});
