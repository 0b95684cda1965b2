/** Turns whatever was thrown into the one form that is reported: what, why, how to mend it, a code, an exit code. */
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import { OutputError, isBrokenPipe } from './terminal/terminal.ts';
import { UsageError } from './usage-error.ts';
import { jsonText, printable } from './terminal/printable.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly retryable: boolean;
  readonly exitCode: number;
  /** Shown with `--debug` alone. */
  readonly stack: string;
}

export async function failureOf(thrown: unknown): Promise<Failure> {
  const stack = stackOf(thrown);
  if (thrown instanceof UsageError) {
    const { code, message, why, fix } = thrown;
    return { code, message, why, fix, retryable: false, exitCode: EXIT_CODES.usage.code, stack };
  }
  const { ApikeyError } = await import('./api-error.ts');
  const error = thrown instanceof OutputError ? outputFailed(thrown, ApikeyError) : thrown;
  if (error instanceof ApikeyError) {
    const { code, message, why, fix, retryable } = error;
    return { code, message, why, fix, retryable, exitCode: exitCodeOf(error.kind), stack };
  }
  return {
    code: 'INTERNAL',
    message: 'something went wrong that apikey did not foresee',
    why: thrown instanceof Error ? oneLine(`${thrown.name}: ${thrown.message}`) : 'the cause is not an error',
    fix: 'run it again with --debug and report what it prints; tokens are removed from it',
    retryable: false,
    exitCode: EXIT_CODES.bug.code,
    stack,
  };
}

/** The text of a system error without its technical tail. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const known = 'code' in error && typeof error.code === 'string' ? SYSTEM_REASONS[error.code] : undefined;
  return known ?? oneLine(error.message);
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EPIPE: 'the reader has closed the pipe',
  EBADF: 'it is closed',
  EIO: 'input/output error',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

export function failureText(failure: Failure, red: (text: string) => string, dim: (text: string) => string): string {
  const detail = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`  ${dim(name.padEnd(4))}  ${printable(value)}`];
  return [
    `${red('error:')} ${printable(failure.message)}`,
    ...detail('why', failure.why),
    ...detail('fix', failure.fix),
    ...detail('code', failure.code),
  ].join('\n');
}

export function failureJson(failure: Failure, debug: boolean): string {
  const { code, message, why = null, fix = null, retryable } = failure;
  return jsonText({ error: { code, message, why, fix, retryable, ...(debug ? { stack: failure.stack } : {}) } });
}

function outputFailed(
  error: OutputError,
  ApikeyError: typeof import('./api-error.ts').ApikeyError,
): InstanceType<typeof ApikeyError> {
  return new ApikeyError('OUTPUT_FAILED', error.message, {
    why: systemReason(error.cause),
    fix: isBrokenPipe(error.cause)
      ? 'read all of the output'
      : 'make room, or send the output elsewhere; what the command changed holds, and `apikey list` shows it',
    cause: error.cause,
  });
}

function stackOf(thrown: unknown): string {
  const parts: string[] = [];
  for (let error = thrown; error instanceof Error && parts.length < 10; error = error.cause) {
    parts.push(error.stack ?? `${error.name}: ${error.message}`);
  }
  return parts.join('\ncaused by: ');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
