/** The last uses of tokens in the local registry, which keeps no history: one entry per token, and the latest stands. */
import { ApikeyError } from '../domain/errors.ts';
import { parseTokenUse } from '../domain/schema.ts';
import type { TokenUse, UsageRecorder } from '../ports/usage.ts';
import type { Connection } from './connection.ts';
import { DEFAULT_TUNING, RegistryFile } from './registry-file.ts';
import { ONE } from './statements.ts';

/** SQLite waits without letting the process do anything else: rather a use is lost than requests are held up. */
const BUSY_MILLISECONDS = 20;
const KEEP = `INSERT INTO usage (doc) VALUES (?)
  ON CONFLICT (jti) DO UPDATE SET doc = excluded.doc WHERE excluded.used_at > usage.used_at`;
const HAS_TABLE = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'usage'`;

export interface LocalUsageOptions {
  /** The directory that holds `registry.db`. */
  readonly dataDir: string;
}

export interface LocalUsage extends UsageRecorder {
  close(): Promise<void>;
}

/**
 * Records uses in the registry of a data directory. Opened at the first use, for writing, which brings a registry of an
 * older version up to date. While another process writes, it gives up after 20 milliseconds.
 */
export function localUsage({ dataDir }: LocalUsageOptions): LocalUsage {
  let opened: RegistryFile | undefined;
  const file = (): RegistryFile => {
    opened ??= new RegistryFile({ dataDir, create: false }, { ...DEFAULT_TUNING, busyMilliseconds: BUSY_MILLISECONDS });
    return opened;
  };
  return {
    recordUse: async ({ jti, client, usedAt }, signal) => {
      signal?.throwIfAborted();
      const document = JSON.stringify(parseTokenUse({ jti, client, usedAt }));
      file().use((connection) => connection.run(KEEP, document));
    },
    close: async () => {
      opened?.close();
      opened = undefined;
    },
  };
}

/** A registry of version 1 that was opened for reading has no such table yet, and may get it at any time. */
export function readUses(connection: Connection, jtis: readonly string[]): ReadonlyMap<string, TokenUse> {
  const uses = connection.texts(HAS_TABLE).length === 0 ? [] : jtis.flatMap((jti) => readUse(connection, jti) ?? []);
  return new Map(uses.map((use) => [use.jti, use]));
}

/** A damaged entry counts as absent: it is evidence and nothing else, and must not be in the way of a revocation. */
function readUse(connection: Connection, jti: string): TokenUse | undefined {
  try {
    return connection.document(parseTokenUse, ONE.usage, jti);
  } catch (error) {
    if (error instanceof ApikeyError && error.code === 'STORE_DAMAGED') return undefined;
    throw error;
  }
}
