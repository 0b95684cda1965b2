/**
 * A process that uses the local backend, for tests that need several, or one to kill. Prints one JSON line for each
 * thing that was done, once it was done.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { localKeyProvider, openLocalRegistry } from '@apikey/shared/local';
import { ApikeyError, ConflictError, type Registry } from '@apikey/shared';
import { changeClient, testJti, testRecord } from '../src/testing/fixtures.ts';

export interface WorkerJob {
  readonly dataDir: string;
  readonly client: string;
  /** How many tokens to commit, one by one. */
  readonly commits: number;
  /** Tells the ids of this worker from those of others. */
  readonly salt: string;
  /** Characters in each token's note. */
  readonly noteLength?: number;
  readonly create?: boolean;
  readonly createKey?: boolean;
  readonly umask?: number;
  /** Prints `opening` before the registry is opened. */
  readonly announce?: boolean;
}

/** What a worker prints; its last line is `done` or `failed`. */
export type WorkerLine =
  | { readonly event: 'opening' }
  | { readonly event: 'committed'; readonly jti: string }
  | { readonly event: 'done' }
  | { readonly event: 'failed'; readonly name: string; readonly code: string; readonly outcome?: unknown };

function report(line: WorkerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function run(job: WorkerJob): Promise<void> {
  if (job.umask !== undefined) process.umask(job.umask);
  if (job.createKey === true) await localKeyProvider({ dataDir: job.dataDir }).create('ES256');
  if (job.announce === true) report({ event: 'opening' });
  const registry = openLocalRegistry({ dataDir: job.dataDir, create: job.create ?? true });
  const note = 'x'.repeat(job.noteLength ?? 1);
  for (let n = 0; n < job.commits; n += 1) {
    const jti = testJti(n, job.salt);
    await insist(registry, job.client, jti, note);
    report({ event: 'committed', jti });
  }
  await registry.close();
}

async function insist(registry: Registry, client: string, jti: string, note: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const before = await registry.getClient(client);
    try {
      await registry.commit(changeClient(client, { before, created: [testRecord({ client, jti, note })] }));
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt > 1000) throw error;
      await setTimeout(Math.random() * 20);
    }
  }
}

try {
  const job: WorkerJob = JSON.parse(process.argv[2] ?? '');
  await run(job);
  report({ event: 'done' });
} catch (error) {
  const { name, code } = error instanceof ApikeyError ? error : { name: String(error), code: 'INTERNAL' };
  const outcome = error instanceof Error && 'outcome' in error ? error.outcome : undefined;
  report({ event: 'failed', name, code, outcome });
}
