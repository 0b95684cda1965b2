/** How the key files of a data directory are named. A name is made of a checked thumbprint, never of other input. */
import { join } from 'node:path';
import { isKid } from '../domain/identifiers.ts';
import { NotFoundError } from '../ports/errors.ts';

const PREFIX = 'file:';

export function refOf(kid: string): string {
  return PREFIX + kid;
}

/** Throws `KEY_NOT_FOUND` for what this backend can never have written into a ring. */
export function kidOf(ref: string): string {
  const kid = ref.startsWith(PREFIX) ? ref.slice(PREFIX.length) : '';
  if (isKid(kid)) return kid;
  throw new NotFoundError('KEY_NOT_FOUND', 'this is not a key of the local backend', {
    why: 'the key ring names it in another way than file:<kid>',
    fix: 'check that the environment has the registry and the keys of one backend',
  });
}

/** Public halves have a directory of their own: a verifier needs no access to the other. */
export function publicKeyPath(dataDir: string, kid: string): string {
  return join(dataDir, 'public', `${kid}.jwk`);
}

export function privateKeyPath(dataDir: string, kid: string): string {
  return join(dataDir, 'keys', `${kid}.jwk`);
}

export function disabledKeyPath(dataDir: string, kid: string): string {
  return `${privateKeyPath(dataDir, kid)}.disabled`;
}
