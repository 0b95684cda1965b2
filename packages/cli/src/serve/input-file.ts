/** Reads a file that a flag named, and says of one that cannot be read why that is so. */
import { AccessDeniedError, InvalidValueError, NotFoundError } from '@apikey/shared';
import { systemReason } from '../failure.ts';

export function readInputFile<T>(shown: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const details = { why: systemReason(error), cause: error };
    if (code === 'ENOENT') throw new NotFoundError('FILE_NOT_FOUND', `there is no file ${shown}`, details);
    if (code === 'EISDIR') throw new InvalidValueError('INVALID_INPUT', `${shown} is a directory`, details);
    throw new AccessDeniedError('ACCESS_DENIED', `cannot read ${shown}`, details);
  }
}
