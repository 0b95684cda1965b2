/** What `apikey issue --from` was asked for, every flag parsed; the file itself is read later. */
import { extname } from 'node:path';
import { InvalidValueError, parseTime } from '@apikey/shared';
import type { FlagValues } from '../../../command-line/flag-values.ts';
import { oneOf, parseFlag, parseOptional } from '../../../command-line/parse-flag.ts';
import { UsageError } from '../../../usage-error.ts';
import { parseTokenFlags } from '../../token-flags.ts';
import type { LineDefaults } from './requests.ts';

/** Beyond this, the sockets of one AWS client are a queue, and SQLite gains nothing. */
const MAX_CONCURRENCY = 128;
const MAX_RATE = 10_000;
/** What is left of a request id for the part that tells its lines apart. */
const MAX_PREFIX = 80;

/** Where the tokens go. */
export type BulkTarget =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'lines'; readonly path: string }
  | { readonly kind: 'stdout' };

export interface FromOptions {
  readonly file: string;
  readonly format: 'csv' | 'jsonl';
  readonly defaults: LineDefaults;
  /** What `--request-id` gave. */
  readonly prefix: string | undefined;
  readonly target: BulkTarget;
  readonly concurrency: number | undefined;
  readonly rate: number | undefined;
  readonly dryRun: boolean;
}

export function parseFromOptions(flags: FlagValues): FromOptions {
  const { requestId: prefix, ...defaults } = parseTokenFlags(flags);
  const notBefore = parseOptional('--not-before', flags.text('notBefore'), parseTime);
  const file = flags.required('from');
  if (prefix !== undefined && prefix.length > MAX_PREFIX) {
    throw new UsageError('--request-id is too long for a file', {
      why: `it begins the request id of each line, and may have ${MAX_PREFIX} characters`,
      fix: 'give a shorter one',
    });
  }
  return {
    file,
    format: formatOf(file, flags),
    defaults: { ...defaults, ...(notBefore === undefined ? {} : { notBefore }) },
    prefix,
    target: parseTarget(flags),
    concurrency: parseOptional('--concurrency', flags.text('concurrency'), count(MAX_CONCURRENCY)),
    rate: parseOptional('--rate', flags.text('rate'), count(MAX_RATE)),
    dryRun: flags.on('dryRun'),
  };
}

function formatOf(file: string, flags: FlagValues): 'csv' | 'jsonl' {
  const given = flags.text('format');
  if (given !== undefined) return parseFlag('--format', given, oneOf(['csv', 'jsonl'] as const));
  const extension = extname(file).toLowerCase();
  if (extension === '.csv') return 'csv';
  if (extension === '.jsonl' || extension === '.ndjson') return 'jsonl';
  throw new UsageError(`the form of ${file === '-' ? 'standard input' : file} is not known`, {
    why: 'a name that ends with .csv or .jsonl tells it',
    fix: 'add --format csv or --format jsonl',
  });
}

function parseTarget(flags: FlagValues): BulkTarget {
  const [directory, output] = [flags.text('outDir'), flags.text('output')];
  if (directory !== undefined) return { kind: 'directory', path: named(directory, '--out-dir') };
  if (output !== undefined) return { kind: 'lines', path: named(output, '-o') };
  if (flags.on('json')) return { kind: 'stdout' };
  throw new UsageError('--from needs to know where the tokens go', {
    fix: 'add --out-dir DIR for a file each, -o FILE for JSON lines in one file, or --json for JSON lines on standard output',
  });
}

function named(path: string, flag: string): string {
  if (path !== '' && path !== '-') return path;
  throw new UsageError(`${flag} needs a name`, { fix: 'use --json to get JSON lines on standard output' });
}

function count(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]{1,6}$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidValueError('INVALID_INPUT', 'this is not a number in its range', {
      why: `expected a whole number from 1 to ${most}`,
    });
  };
}
