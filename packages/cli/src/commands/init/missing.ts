/** What a set-up left out, since the environment works without it: a permission or an endpoint lacks it. */
import type { ApikeyError } from '@apikey/shared';
import type { Table, TableStep } from '../../backends/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** A step, and why it is not done. */
export interface Missing {
  readonly step: TableStep;
  readonly failure: ApikeyError;
}

interface WithMissing {
  readonly missing: readonly Missing[];
}

export function sayMissing({ missing }: WithMissing, table: Table | undefined, terminal: Terminal): void {
  if (terminal.json) return;
  for (const { step, failure } of missing) {
    const { message, why, fix } = failure;
    terminal.warn(
      [
        `Not done: ${table?.words(step) ?? step}`,
        `  ${message}${why === undefined ? '' : `: ${why}`}`,
        ...(fix === undefined ? [] : [`  ${fix}`]),
        '  The environment works without it; `apikey doctor` reports it until it is done.',
      ].join('\n'),
    );
  }
}

interface MissingJson {
  readonly step: string;
  readonly code: string;
  readonly message: string;
  readonly why: string | null;
  readonly fix: string | null;
}

export function missingJson({ missing }: WithMissing): MissingJson[] {
  return missing.map(({ step, failure: { code, message, why = null, fix = null } }) => ({
    step,
    code,
    message,
    why,
    fix,
  }));
}
