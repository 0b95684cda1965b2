/** Changes one value of a configuration file, and leaves its comments and its order as they are. */
import { InvalidValueError } from '@apikey/shared';
import { parse } from 'smol-toml';
import { KeyLines } from './key-lines.ts';

/** `key = value`, where the value ends on the line: text in quotes, a number or a word, and perhaps a comment. */
const ASSIGNMENT = /^(\s*[\w."' -]+?\s*=\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w.+-]+)(\s*(?:#.*)?)$/;
const TABLE = /^\s*\[/;

/**
 * @param table `['envs', 'prod']`; empty for the top
 * @param value text, or a whole number
 */
export function editToml(text: string, table: readonly string[], key: string, value: string | number): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
  const literal = typeof value === 'number' ? String(value) : JSON.stringify(value);
  const edited = `${editLines(lines, new KeyLines(text), [...table, key], literal).join(eol)}${eol}`;
  if (!changesThatAlone(text, edited, [...table, key], value)) throw notEditable([...table, key]);
  return edited;
}

function editLines(lines: readonly string[], where: KeyLines, path: readonly string[], literal: string): string[] {
  const [table, key = ''] = [path.slice(0, -1), path.at(-1)];
  const own = where.exactly(path);
  if (own !== undefined) {
    const replaced = (lines[own - 1] ?? '').replace(
      ASSIGNMENT,
      (_, name: string, rest: string) => name + literal + rest,
    );
    return lines.with(own - 1, replaced);
  }
  const assignment = `${key} = ${literal}`;
  const header = table.length === 0 ? 0 : where.exactly(table);
  if (header === undefined) {
    return [...lines, ...(lines.length === 0 ? [] : ['']), `[${table.join('.')}]`, assignment];
  }
  const next = lines.findIndex((line, index) => index >= header && TABLE.test(line));
  let end = next === -1 ? lines.length : next;
  // Blank lines and comments right before the next table belong to that.
  while (end > header && /^\s*(?:#.*)?$/.test(lines[end - 1] ?? '')) end -= 1;
  return lines.toSpliced(end, 0, assignment);
}

/** What was written is read again: a line that only looked like the key, in a text of several lines, is found so. */
function changesThatAlone(before: string, after: string, path: readonly string[], value: string | number): boolean {
  try {
    const [old, now]: [unknown, unknown] = [parse(before), parse(after)];
    return JSON.stringify(sorted(withValue(old, path, value))) === JSON.stringify(sorted(now));
  } catch {
    return false;
  }
}

function withValue(tree: unknown, path: readonly string[], value: string | number): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const table = isTable(tree) ? tree : {};
  return { ...table, [name]: withValue(table[name], rest, value) };
}

function sorted(tree: unknown): unknown {
  if (!isTable(tree)) return tree;
  const entries = Object.entries(tree).map(([name, value]) => [name, sorted(value)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notEditable(path: readonly string[]): InvalidValueError {
  return new InvalidValueError('CONFIG_INVALID', `${path.join('.')} cannot be set in this file`, {
    why: 'it is written in a form that this command does not change: an inline table, or text of several lines',
    fix: 'change the file with an editor; apikey config show then tells what is in force',
  });
}
