/** One registry of some size in DynamoDB, and what each operation asks of it. */
import { createAuthorizer } from '@apikey/authorizer';
import { EXPIRING_SECONDS, issueToken, listExpiring, listTokens, revokeToken, showToken } from '@apikey/shared';
import { dynamoRegistry, dynamoStatusReader, tableSetup, tableSpec } from '@apikey/shared/dynamodb';
import { memoryKeys } from '@apikey/shared/testing';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { acting, AUDIENCE, ISSUER, nowhere, SCOPES } from '../harness/acting.ts';
import { consumedBy, type Consumption } from './capacity.ts';
import { rotateSome } from './grace.ts';
import { populate, type RealToken } from './population.ts';
import { seedDynamo } from './seed-dynamodb.ts';
import { clientId, dueClients, type Shape } from './shape.ts';

export const OPERATIONS = ['issue', 'revoke', 'show', 'list --client', 'expiring', 'decision'] as const;
export type TableOperation = (typeof OPERATIONS)[number];

export class RegistryTable {
  readonly shape: Shape;
  readonly #table: string;
  readonly #client: DynamoDBClient;
  readonly #keys = memoryKeys();
  #real: readonly RealToken[] = [];

  constructor(client: DynamoDBClient, table: string, shape: Shape) {
    this.#client = client;
    this.#table = table;
    this.shape = shape;
  }

  async fill(): Promise<void> {
    const { delay } = this.#acting();
    await tableSetup({ table: this.#table, client: this.#client }, delay).apply('create-table', tableSpec(this.#table));
    const population = await populate(this.shape, this.#keys);
    this.#real = population.real;
    await seedDynamo(this.#client, this.#table, population);
    await rotateSome(this.#acting(), this.shape);
  }

  /** Does it for the `n`-th time, as a process that has just started would. */
  consumption(name: TableOperation, n: number): Promise<Consumption> {
    return consumedBy(this.#client, this.#operations(n)[name]);
  }

  #operations(n: number): Readonly<Record<TableOperation, () => Promise<unknown>>> {
    const deps = this.#acting();
    const { token, record } = this.#realToken(n);
    const due = dueClients(this.shape);
    const client = clientId(due[n % due.length] ?? 0);
    return {
      issue: () => issueToken(deps, { client: record.client, scopes: SCOPES, audience: [] }, nowhere),
      revoke: () => revokeToken(deps, { jti: record.jti }),
      show: () => showToken(deps, record.jti),
      'list --client': () => Array.fromAsync(listTokens(deps, { client })),
      expiring: () => listExpiring(deps, { within: EXPIRING_SECONDS }),
      decision: async () => {
        const status = dynamoStatusReader({ table: this.#table, client: this.#client });
        const authorizer = createAuthorizer({ issuer: ISSUER, audience: AUDIENCE, status, keys: this.#keys });
        const decision = await authorizer.authorize({ token });
        if (!decision.allowed) throw new Error('a live token was denied');
      },
    };
  }

  #acting(): ReturnType<typeof acting> {
    return acting(dynamoRegistry({ table: this.#table, client: this.#client }), this.#keys);
  }

  #realToken(n: number): RealToken {
    const real = this.#real[n];
    if (real === undefined) throw new Error('there are not enough real tokens');
    return real;
  }
}
