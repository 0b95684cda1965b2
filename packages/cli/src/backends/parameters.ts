/** Parameter Store as a place for what is no secret. Imported when it is asked for. */
import type { Settings } from '../config/resolve.ts';

/** What one parameter holds. */
export const MAX_PARAMETER_CHARACTERS = 8_192;

/** Resolves with the version that was made. */
export async function putParameter({ aws }: Pick<Settings, 'aws'>, path: string, value: string): Promise<number> {
  return (await import('@apikey/shared/ssm')).putParameter(path, value, aws);
}
