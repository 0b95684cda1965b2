/** `docs/delivery.md` shows what is so: its session runs against the emulator, and prints what the page says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '@apikey/shared';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { EXIT_CODES, exitCodeOf } from '../src/exit-codes.ts';
import { stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { Session } from './session.ts';

const aws = await awsForTests();
const page = readFileSync(join(import.meta.dirname, '../../../docs/delivery.md'), 'utf8');

const steps = [...page.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...printed] = text.split('\n');
      return { command, printed: printed.join('\n') };
    }),
);

/** What differs from run to run. */
function anonymous(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/(?<![\w-])[\w-]{43}(?![\w-])/g, 'KID');
}

describe('docs/delivery.md', () => {
  it('gives every code that it names its exit code', () => {
    const rows = [...page.matchAll(/^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (\d+) \|/gm)];
    expect(rows.length).toBeGreaterThan(4);
    for (const [, codes = '', exit] of rows) {
      for (const [, code = ''] of codes.matchAll(/`([A-Z_]+)`/g)) {
        const known = Object.entries(ERRORS).find(([name]) => name === code)?.[1] ?? expect.fail(`no ${code}`);
        expect({ code, exit: exitCodeOf(known.kind) }).toEqual({ code, exit: Number(exit) });
      }
    }
  });
});

describeOnEmulator(aws, 'the session of docs/delivery.md', (endpoint) => {
  let session: Session;

  beforeAll(async () => {
    session = new Session();
    stubTestAws(aws, session);
    await call(endpoint, 'secretsmanager', 'CreateSecret', { Name: 'partner/api', SecretString: '{"user":"x"}' });
    await session.run(['issue', '--client', 'other']);
  });
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it.each(steps)('$command', async ({ command, printed }) => {
    const { code, stdout, stderr } = await session.run(command.split(' ').slice(1));
    expect({ code, stdout, stderr: anonymous(stderr) }).toEqual({
      code: EXIT_CODES.done.code,
      stdout: '',
      stderr: anonymous(printed),
    });
  });
});
