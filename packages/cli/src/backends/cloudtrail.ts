/** CloudTrail as the other side of `audit reconcile`; imported when it is asked for. */
import { cloudTrailFiles, findCloudTrailFiles, lookupSignCalls } from '@apikey/shared/cloudtrail';
import type { EpochMillis, SignLogEntry } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';

export interface LogFiles {
  readonly count: number;
  readonly entries: (progress: () => void) => AsyncIterable<SignLogEntry>;
}

export async function openLogFiles(paths: readonly string[]): Promise<LogFiles> {
  const files = await findCloudTrailFiles(paths);
  return { count: files.length, entries: (progress) => cloudTrailFiles(files, progress) };
}

export function eventHistory(
  { aws }: Pick<Settings, 'aws'>,
  from: EpochMillis,
  until: EpochMillis,
): AsyncIterable<SignLogEntry> {
  return lookupSignCalls({ ...aws, from, until });
}
