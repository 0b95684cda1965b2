/** The emulator's own processes: started on a free port, and gone without a trace, however their starter ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startEmulator } from '../../../tools/emulator/emulator.ts';
import { withLock } from '../../../tools/emulator/lock.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { temporaryDirectory } from '../src/testing/index.ts';

const aws = await awsForTests();
const START = join(import.meta.dirname, '../../../tools/emulator/start.ts');

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/_ministack/health`)).ok;
  } catch {
    return false;
  }
}

describeOnEmulator(aws, 'the emulator', () => {
  it('runs beside another one, and is gone once it was stopped', async () => {
    const emulator = await startEmulator();
    expect(emulator.endpoint).not.toBe(aws.emulator);
    expect(await answers(emulator.endpoint)).toBe(true);
    await emulator.stop();
    await emulator.stop();
    expect(await answers(emulator.endpoint)).toBe(false);
    expect(await answers(aws.emulator ?? '')).toBe(true);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('prints what to paste, and ends with its starter at %s', async (signal) => {
    const child = spawn(process.execPath, [START], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.includes('AWS_SECRET_ACCESS_KEY')) break;
    }
    expect(text).toMatch(
      /^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+\nexport AWS_REGION=us-east-1\nexport AWS_ACCESS_KEY_ID=test\n/,
    );
    const endpoint = /http:\S+/.exec(text)?.[0] ?? '';
    expect(await answers(endpoint)).toBe(true);
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    await expect.poll(() => answers(endpoint), { timeout: 10_000 }).toBe(false);
  });
});

describe('the lock of the installation', () => {
  it('lets one at a time work, and takes over from a holder that died', async () => {
    const { path, remove } = temporaryDirectory();
    const lock = join(path, 'lock');
    let inside = 0;
    const work = async (): Promise<number> => {
      inside += 1;
      const seen = inside;
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return seen;
    };
    expect(await Promise.all([1, 2, 3].map(() => withLock(lock, 10_000, work)))).toEqual([1, 1, 1]);

    const dead = spawn(process.execPath, ['-e', '0']);
    await once(dead, 'exit');
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(dead.pid));
    expect(await withLock(lock, 10_000, work)).toBe(1);
    await remove();
  });

  it('does not wait for ever', async () => {
    const { path, remove } = temporaryDirectory();
    const lock = join(path, 'lock');
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    await expect(withLock(lock, 100, async () => undefined)).rejects.toThrow('for too long');
    await remove();
  });
});
