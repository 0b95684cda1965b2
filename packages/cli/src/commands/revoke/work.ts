/** What all forms of `apikey revoke` work with. */
import type { OperationDeps } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';

export interface RevokeWork extends Context {
  readonly deps: OperationDeps;
  /** The configuration in force. */
  readonly config: Settings;
  readonly env: string;
}

/** The lead of every dry run. */
export function dryRunLead({ terminal, env }: RevokeWork): string {
  return `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`;
}
