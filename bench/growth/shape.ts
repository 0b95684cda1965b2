/** How large a registry is, and what it holds: alike at every size but for the number of clients. */

export const TOKENS_PER_CLIENT = 100;
/** So many clients, spread over all of them, have tokens that end soon: as many at every size. */
const DUE_CLIENTS = 10;
const DUE_TOKENS = 10;
const DAY = 86_400;

export interface Shape {
  readonly clients: number;
  /** Tokens that exist, rather than only their records; spread over all others. */
  readonly real: number;
}

/** The place of a token: the n-th of a client. Tokens are issued in the order of `n`, each time to all clients in turn. */
export interface Place {
  readonly client: number;
  readonly n: number;
}

export function tokensOf({ clients }: Shape): number {
  return clients * TOKENS_PER_CLIENT;
}

export function clientId(client: number): string {
  return `client-${String(client).padStart(6, '0')}`;
}

/** The clients with tokens that end soon; the fewest that any size has. */
export function dueClients({ clients }: Shape): number[] {
  return Array.from({ length: DUE_CLIENTS }, (_, k) => Math.floor((k * clients) / DUE_CLIENTS));
}

/** Where the real tokens lie. */
export function realPlaces(shape: Shape): Place[] {
  return Array.from({ length: shape.real }, (_, k) => {
    const at = Math.floor((k * tokensOf(shape)) / shape.real);
    return { client: Math.floor(at / TOKENS_PER_CLIENT), n: at % TOKENS_PER_CLIENT };
  });
}

/** Seconds from issue to expiry: 2 to 11 days for what ends soon, 60 to 120 days for all others. */
export function ttlOf({ client, n }: Place, due: ReadonlySet<number>): number {
  return n < DUE_TOKENS && due.has(client) ? (2 + n) * DAY : (60 + ((client * 7 + n * 13) % 60)) * DAY + client;
}
