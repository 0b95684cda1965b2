/** `--format text|json|jsonl`: the same as `--json` or its absence, and one JSON object a line. */
import { UsageError } from '../usage-error.ts';
import type { CommandDefinition } from './definition.ts';
import { formatsFiles } from './global-flags.ts';

type Given = Readonly<Record<string, unknown>>;

/** Puts what `--format` says of the output into `json` and `jsonLines`, which is what commands look at. */
export function withFormat(definition: CommandDefinition, given: Given): Given {
  const { format, ...rest } = given;
  if (format === undefined || (formatsFiles(definition) && isOfFile(format, rest['from'] !== undefined))) return given;
  if (format === 'text') return rest;
  if (format === 'json') return { ...rest, json: true };
  if (format === 'jsonl') return { ...rest, json: true, jsonLines: true };
  throw new UsageError(`--format ${JSON.stringify(format)}: this is not one of the values`, {
    why: `known: text, json, jsonl${formatsFiles(definition) ? '; with --from also csv' : ''}`,
    fix: `see: apikey ${definition.name} --help`,
    code: 'INVALID_INPUT',
  });
}

/** With `--from`, whatever is not a form of output alone is said of the file. */
function isOfFile(format: unknown, hasFile: boolean): boolean {
  return format === 'csv' || (hasFile && format !== 'text' && format !== 'json');
}

/** Whether words that could not be parsed ask for JSON. */
export function asksForJson(words: readonly string[]): boolean {
  return words.some(
    (word, index) =>
      word === '--json' ||
      /^--format=jsonl?$/.test(word) ||
      (word === '--format' && /^jsonl?$/.test(words[index + 1] ?? '')),
  );
}
