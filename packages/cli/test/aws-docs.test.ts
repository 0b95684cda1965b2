/** `docs/aws.md` shows what is so: its session runs against the emulator, and prints what the page says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { parseCommandLine } from '../src/command-line/parse.ts';
import { COMMANDS } from '../src/commands/index.ts';
import { ROLES } from '../src/commands/iam/roles.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';

const aws = await awsForTests();
const page = readFileSync(join(import.meta.dirname, '../../../docs/aws.md'), 'utf8');

interface Step {
  readonly command: string;
  readonly printed: string;
}

/** Commands with what stands below them, from the blocks that show a console. */
const steps: Step[] = [...page.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
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
    .replaceAll(/arn:aws:(?:iam|sts)::\S+/g, 'CALLER')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'JTI')
    .replaceAll(/(?<![\w-])[\w-]{43}(?![\w-])/g, 'KID')
    .replaceAll(/(?<=(?:ring|key) +|alias\/apikey-prod\/)[\w-]{12}(?= )/g, 'KID')
    .replaceAll(/^Configuration: .*$/gm, 'Configuration: FILE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
    .replaceAll(/\d+ s from/g, '0 s from');
}

function usageProblem(argv: readonly string[]): string {
  try {
    parseCommandLine(COMMANDS, argv);
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('docs/aws.md', () => {
  it('holds nothing but commands that exist', () => {
    const inline = [...page.matchAll(/`apikey ([a-z][^`]*)`/g)].map(([, words = '']) => words);
    const complete = inline.filter((words) => !/\b[A-Z]{3,}\b/.test(words) || words.includes('KID'));
    expect(complete.length).toBeGreaterThan(3);
    // A command may be named without what it requires.
    const wrong = complete.filter((words) => !/^$|missing|required|needs/.test(usageProblem(words.split(' '))));
    expect(wrong).toEqual([]);
  });

  it('has every role in its table', () => {
    expect([...page.matchAll(/^\| `(\w+)` \| .* \| .* \|$/gm)].map(([, role]) => role)).toEqual(ROLES);
  });
});

describeOnEmulator(aws, 'the session of docs/aws.md', () => {
  let session: AwsSession;
  let jti = '';

  beforeAll(() => {
    session = new AwsSession();
    const [, toml = ''] = /^```toml\n(.*?)^```$/ms.exec(page) ?? [];
    writeFileSync(join(session.cwd, 'apikey.toml'), toml);
    stubTestAws(aws, session);
  });
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it.each(steps)('$command', async ({ command, printed }) => {
    const words = command
      .replace(/[0-9a-f-]{36}/, jti)
      .split(' ')
      .slice(1);
    const file = (sign: string): string | undefined => {
      const at = words.indexOf(sign);
      return at === -1 ? undefined : join(session.cwd, words.splice(at, 2)[1] ?? '');
    };
    const [output, input] = [file('>'), file('<')];
    const result = await session.run(words, input === undefined ? {} : { stdin: readFileSync(input) });
    if (output !== undefined) writeFileSync(output, result.stdout);
    const seen = result.stderr + (output === undefined ? result.stdout : '');
    jti = /jti +(\S+)/.exec(seen)?.[1] ?? jti;
    expect(anonymous(seen)).toBe(anonymous(printed));
    expect(result.code).toBe(0);
  });
});
