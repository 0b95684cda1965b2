/** The runbooks are read in a hurry: every command line in them exists, every link leads somewhere, every page has its parts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command-line/parse.ts';
import { COMMANDS } from '../src/commands/index.ts';

const DIRECTORY = join(import.meta.dirname, '../../../docs/runbooks');
const INDEX = 'README.md';
const pages = readdirSync(DIRECTORY).map((name) => ({ name, text: readFileSync(join(DIRECTORY, name), 'utf8') }));
const runbooks = pages.filter(({ name }) => name !== INDEX);

/** Words as a shell would see them, up to where another command or a file begins. */
function words(line: string): string[] {
  const found: string[] = [];
  for (const [word] of line.matchAll(/[|<>;)]|&&|'[^']*'|"[^"]*"|[^\s|<>;)'"]+/g)) {
    if (/^(?:[|<>;)]|&&|#.*)$/.test(word)) break;
    found.push(word.replaceAll(/^['"]|['"]$/g, ''));
  }
  return found;
}

/** Whatever follows `apikey` in what is to be typed: lines with a prompt, scripts, and code inside sentences. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^```(console|sh|cron)\n(.*?)^```$/gms)];
  const typed = blocks.flatMap(([, kind, block = '']) =>
    block.split('\n').filter((line) => kind !== 'console' || line.startsWith('$ ')),
  );
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return [...typed, ...inline].flatMap((line) => {
    const [, rest] = /(?:^|[\s(|])apikey +([a-z].*)$/.exec(line) ?? [];
    return rest === undefined ? [] : [rest];
  });
}

function problem(line: string): string | undefined {
  try {
    const { kind } = parseCommandLine(COMMANDS, words(line));
    return kind === 'run' ? undefined : `apikey ${line}: no whole command`;
  } catch (error) {
    return `apikey ${line}: ${String(error)}`;
  }
}

describe('docs/runbooks', () => {
  it('finds the command line in all that can stand around it', () => {
    const page = [
      '```console\n$ cat t | apikey verify --from 1.2.3.4 < a.token | tail -2\napikey printed\n```',
      "```cron\n7 * * * *  apikey audit -q --since '7 d' && x\n```",
      'and `apikey show JTI`, but not `apikey` or apikey by itself',
    ].join('\n');
    expect(commandLines(page).map(words)).toEqual([
      ['verify', '--from', '1.2.3.4'],
      ['audit', '-q', '--since', '7 d'],
      ['show', 'JTI'],
    ]);
    expect(problem('revoke JTI --jes')).toContain('no flag --jes');
    expect(problem('keys')).toContain('no whole command');
  });

  it.each(pages)('$name holds no command line that apikey would not take', ({ text }) => {
    const lines = commandLines(text);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.flatMap((line) => problem(line) ?? [])).toEqual([]);
  });

  it.each(runbooks)('$name says what shows it, what comes first, what proves it, and what is left', ({ text }) => {
    expect(text).toMatch(/^# .+\n\n\*\*Symptoms\.\*\* /);
    expect(
      [...text.matchAll(/^## (First|How to know that it worked|What is left to do)$/gm)].map(([, heading]) => heading),
    ).toEqual(['First', 'How to know that it worked', 'What is left to do']);
    expect(text).toMatch(/^## Embedded/m);
    expect(text).toMatch(/^```console$/m);
  });

  it.each(pages)('$name links to what exists', ({ text }) => {
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(DIRECTORY, target)))).toEqual([]);
  });

  it('lists every runbook', () => {
    const index = pages.find(({ name }) => name === INDEX);
    for (const { name } of runbooks) expect(index?.text).toContain(`](${name})`);
  });

  it('holds no token', () => {
    for (const { text } of pages) expect(text).not.toMatch(/eyJ[\w-]{8,}/);
  });
});
