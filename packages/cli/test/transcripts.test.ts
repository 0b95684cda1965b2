/** Shell sessions as text, run against the real program. `vitest -u` writes down what it says now; read the difference. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Session } from './session.ts';
import { playTranscript } from './transcript-player.ts';

const DIRECTORY = join(import.meta.dirname, 'transcripts');

describe('transcripts', () => {
  it.each(readdirSync(DIRECTORY).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
    const path = join(DIRECTORY, name);
    using session = new Session();
    const played = await playTranscript(session, readFileSync(path, 'utf8'));
    await expect(played).toMatchFileSnapshot(path);
  });
});
