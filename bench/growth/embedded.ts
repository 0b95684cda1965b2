/** One embedded registry of some size in a directory of its own, and everything that is measured on it in this process. */
import { createAuthorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import {
  EXPIRING_SECONDS,
  issueToken,
  listExpiring,
  listTokens,
  revokeToken,
  showToken,
  type Registry,
} from '@apikey/shared';
import { localKeyProvider, openLocalRegistry } from '@apikey/shared/local';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Way } from '../harness/rounds.ts';
import { acting, AUDIENCE, ISSUER, nowhere, SCOPES } from '../harness/acting.ts';
import { rotateSome } from './grace.ts';
import { populate, type RealToken } from './population.ts';
import { seedSqlite } from './seed-sqlite.ts';
import { clientId, dueClients, type Shape } from './shape.ts';

export const READS = ['show', 'list --client', 'expiring', 'decision'] as const;
export const WRITES = ['issue', 'revoke'] as const;
export type OperationName = (typeof READS)[number] | (typeof WRITES)[number];

export class EmbeddedRegistry implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(tmpdir(), 'apikey-growth-'));
  readonly dataDir: string = join(this.home, 'data');
  /** The tokens that a child process decides about, one a line. */
  readonly tokensFile: string = join(this.home, 'tokens');
  readonly shape: Shape;
  /** In an order in which no two neighbours are neighbours in the registry. */
  #real: readonly RealToken[] = [];
  #revoked = 0;
  #writing: Registry | undefined;
  #reading: Registry | undefined;

  constructor(shape: Shape) {
    this.shape = shape;
  }

  async fill(): Promise<void> {
    const keys = localKeyProvider({ dataDir: this.dataDir });
    const population = await populate(this.shape, keys);
    this.#real = population.real.toSorted((a, b) => (a.record.jti < b.record.jti ? -1 : 1));
    await seedSqlite(this.dataDir, population);
    writeFileSync(this.tokensFile, this.#real.map(({ token }) => `${token}\n`).join(''), { mode: 0o600 });
    this.#writing = openLocalRegistry({ dataDir: this.dataDir, create: false });
    this.#reading = openLocalRegistry({ dataDir: this.dataDir, create: false, readOnly: true });
    await rotateSome(acting(this.#writing, keys), this.shape);
  }

  /** Clients of which each registry holds as many tokens and events. */
  comparable(n: number): string {
    const clients = dueClients(this.shape);
    return clientId(clients[n % clients.length] ?? 0);
  }

  /** Any client, spread over all. */
  anyClient(n: number): string {
    return clientId((n * 7_919) % this.shape.clients);
  }

  realToken(n: number): RealToken {
    const real = this.#real[n % this.#real.length];
    if (real === undefined) throw new Error('there are no real tokens');
    return real;
  }

  /** The next token that was not revoked yet. */
  toRevoke(): RealToken {
    if (this.#revoked === this.#real.length) throw new Error('there are not enough tokens to revoke');
    return this.realToken(this.#revoked++);
  }

  ways(): Readonly<Record<OperationName, Way>> {
    if (this.#writing === undefined || this.#reading === undefined) throw new Error('it is empty');
    const keys = localKeyProvider({ dataDir: this.dataDir });
    const writing = acting(this.#writing, keys);
    const reading = acting(this.#reading, keys);
    const authorizer = createAuthorizer({
      issuer: ISSUER,
      audience: AUDIENCE,
      status: localStatus({ dataDir: this.dataDir }),
      keys: localKeys({ dataDir: this.dataDir }),
      cache: { tokens: 0, statuses: 0 },
    });
    return {
      show: each(async (n) => showToken(reading, this.realToken(n).record.jti)),
      'list --client': each(async (n) => Array.fromAsync(listTokens(reading, { client: this.comparable(n) }))),
      expiring: each(async () => listExpiring(reading, { within: EXPIRING_SECONDS })),
      decision: each(async (n) => {
        const { allowed } = await authorizer.authorize({ token: this.realToken(n).token });
        if (!allowed) throw new Error('a live token was denied');
      }),
      issue: each(async (n) =>
        issueToken(writing, { client: this.anyClient(n), scopes: SCOPES, audience: [] }, nowhere),
      ),
      revoke: each(async () => revokeToken(writing, { jti: this.toRevoke().record.jti })),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading?.close();
    await this.#writing?.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Goes on where it stopped, so that each time is about something else. */
function each(once: (n: number) => Promise<unknown>): Way {
  let n = 0;
  return async (times) => {
    for (let time = 0; time < times; time++) await once(n++);
  };
}
