/** Sources on the embedded backend: the registry file and the public key files of one data directory, and last uses. */
import type { PublicKeySource, Registry, StatusReader } from '@apikey/shared';
import { localPublicKeys, localUsage as recorder, openLocalRegistry, type LocalUsage } from '@apikey/shared/local';
import { AuthorizerConfigError } from '../config-error.ts';

export interface LocalSourceOptions {
  /** The directory that holds `registry.db` and `public/`; the default environment's is `$XDG_DATA_HOME/apikey/local`. */
  readonly dataDir: string;
}

/**
 * The registry of a data directory, for reading. Opened at the first read; while the file is missing every read fails, and
 * none does any more once it is (back) in its place.
 */
export function localStatus({ dataDir }: LocalSourceOptions): StatusReader {
  requireDirectoryName(dataDir);
  let opened: Registry | undefined;
  const registry = (): Registry => {
    opened ??= openLocalRegistry({ dataDir, create: false, readOnly: true });
    return opened;
  };
  return {
    readStatus: async (jti, client, signal) => registry().readStatus(jti, client, signal),
    readKeyRing: async (signal) => registry().readKeyRing(signal),
  };
}

/**
 * The public keys of a data directory. It is its own allow-list: a ring entry must name `file:<kid>`, and the file must hold
 * the key with that thumbprint. Private key files are never opened.
 */
export function localKeys({ dataDir }: LocalSourceOptions): PublicKeySource {
  requireDirectoryName(dataDir);
  return localPublicKeys({ dataDir });
}

/**
 * Records the last use of tokens in the registry of a data directory, which it opens for writing at the first use. While
 * another process is writing it gives up after 20 milliseconds, and that use is lost.
 */
export function localUsage({ dataDir }: LocalSourceOptions): LocalUsage {
  requireDirectoryName(dataDir);
  return recorder({ dataDir });
}

/** A missing variable of the environment must not become the file system's root or the working directory. */
function requireDirectoryName(dataDir: unknown): void {
  if (typeof dataDir !== 'string' || dataDir === '') {
    throw new AuthorizerConfigError('dataDir', 'must be the path of a directory');
  }
}
