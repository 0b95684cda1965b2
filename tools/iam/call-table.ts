/** The calls that the commands of a role make, as a table in a text file: one line for each command and distinct call. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Need } from './evaluate.ts';

export interface CallRow {
  readonly command: string;
  readonly need: Need;
}

/** Names of a run, and what stands for them in a table. Longer ones first. */
export type Placeholders = readonly (readonly [name: string, placeholder: string])[];

const SEPARATOR = ' | ';

export function tablePath(name: string): string {
  return join(import.meta.dirname, 'calls', `${name}.txt`);
}

export function readTable(name: string): CallRow[] {
  const lines = readFileSync(tablePath(name), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map(parseRow);
}

export function formatTable(rows: readonly CallRow[], placeholders: Placeholders): string {
  const lines = rows.map((row) => general(formatRow(row), placeholders));
  return [...new Set(lines)]
    .toSorted()
    .map((line) => `${line}\n`)
    .join('');
}

function formatRow({ command, need: { action, resource, context } }: CallRow): string {
  const keys = Object.keys(context).toSorted();
  const values = keys.map((key) => `${key}=${listOf(context[key] ?? []).join(',')}`);
  return [command, action, resource, ...(values.length === 0 ? [] : [values.join('; ')])].join(SEPARATOR);
}

/** An end that moves into another month moves the bucket as well; on which days it does must not change the table. */
function listOf(values: readonly string[]): string[] {
  return [...new Set(values.includes('position') ? [...values, 'bucket'] : values)].toSorted();
}

function parseRow(line: string): CallRow {
  const [command = '', action = '', resource = '', values = ''] = line.split(SEPARATOR);
  const pairs = values === '' ? [] : values.split('; ').map((pair) => pair.split('='));
  const context = Object.fromEntries(pairs.map(([key = '', list = '']) => [key, list.split(',')]));
  return { command, need: { action, resource, context } };
}

/** Without what differs from run to run. */
function general(line: string, placeholders: Placeholders): string {
  const named = placeholders.reduce((text, [name, placeholder]) => text.replaceAll(name, placeholder), line);
  return named
    .replaceAll(/:key\/[0-9a-f-]{36}/g, ':key/KEY')
    .replaceAll(/(alias\/BASE(?:-seal)?)\/[\w-]{12}/g, '$1/KID')
    .replaceAll(/(JTI|USAGE)#[0-9a-f-]{36}/g, '$1#JTI')
    .replaceAll(/CLIENT#[a-z]+/g, 'CLIENT#NAME')
    .replaceAll(/(SEALS#)\d[^,;]*|(REQUEST#)[^,;]+/g, '$1$2NAME')
    .replaceAll(/(EVENTS|TOKENS)#\d{4}-\d\d(?:-\d\d)?/g, '$1#PERIOD')
    .replaceAll(/=([^;]+)/g, (_, list: string) => `=${[...new Set(list.split(','))].join(',')}`);
}
