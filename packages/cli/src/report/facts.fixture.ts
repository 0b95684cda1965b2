/** Facts of environments of any size, the same each time: for what the page does with them. */
import type { Client, KeyView, TokenRecord, TokenView } from '@apikey/shared';
import type { ClientFacts, Facts } from './facts.ts';

/** 2026-11-20T12:00:00Z */
export const NOW = 1_795_176_000;
export const DAY = 86_400;
const KID = 'hETo4brLlUANeqxGx2Xct1mX7CZ16Ol3iwTruHr4ul4';

export function aClient(id: string, more: Partial<Client> = {}): Client {
  return {
    id,
    state: 'active',
    epoch: 1,
    contact: `${id}@agency.example`,
    createdAt: NOW - 400 * DAY,
    version: 1,
    eventSeq: 1,
    eventHash: 'a'.repeat(64),
    ...more,
  };
}

export function aRecord(number: number, more: Partial<TokenRecord> = {}): TokenRecord {
  const iat = more.iat ?? NOW - 30 * DAY;
  const exp = more.exp ?? iat + 90 * DAY;
  return {
    jti: jtiOf(number),
    client: 'partner',
    state: 'active',
    epoch: 1,
    kid: KID,
    iat,
    exp,
    liveUntil: exp,
    scopes: [],
    aud: ['https://api.agency.example'],
    payloadSha256: 'b'.repeat(64),
    iss: 'https://apikey.agency.example',
    issuedBy: 'admin@host',
    ...more,
  };
}

export function jtiOf(number: number): string {
  return `${((number * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function aView(record: TokenRecord, more: Partial<TokenView> = {}): TokenView {
  const over = record.state === 'revoked' || record.liveUntil <= NOW;
  const live = !over && record.state === 'active';
  return {
    record,
    live,
    reason: live ? undefined : record.state === 'revoked' ? 'revoked' : over ? 'expired' : 'not_activated',
    over,
    lastUsedAt: undefined,
    contact: undefined,
    remaining: over ? 0 : record.liveUntil - NOW,
    attention: [],
    successorLive: false,
    ...more,
  };
}

export function theFacts(clients: readonly ClientFacts[], more: Partial<Facts> = {}): Facts {
  const key: KeyView = {
    key: {
      kid: KID,
      alg: 'ES256',
      ref: 'x',
      state: 'active',
      createdAt: NOW - 300 * DAY,
      activatedAt: NOW - 300 * DAY,
    },
    liveTokens: 1,
    otherTokens: 0,
    activateFrom: undefined,
    retireFrom: undefined,
    attention: [],
  };
  return {
    now: NOW,
    version: '0.0.0',
    environment: {
      name: 'prod',
      issuer: 'https://apikey.agency.example',
      audience: 'https://api.agency.example',
      registry: 'DynamoDB, apikey-prod',
      keys: 'AWS KMS, alias/apikey-prod',
      embedded: false,
      bound: { total: 0, gatewayResultTtl: 0, maxStaleness: 0, staleIfError: 0 },
    },
    isSetUp: true,
    only: undefined,
    since: undefined,
    clients,
    keys: [key],
    events: [],
    eventLimit: 100,
    audit: { chains: clients.length + 1, events: 3 * clients.length, findings: [], moreFindings: 0 },
    ...more,
  };
}

/** So many tokens, spread evenly over so many clients: most live, some revoked, expired, replaced, pending or in need. */
export function manyFacts(tokens: number, clients: number): Facts {
  const all = Array.from({ length: clients }, (_, index): ClientFacts => {
    const id = `client-${String(index).padStart(5, '0')}`;
    const count = Math.floor(tokens / clients) + (index < tokens % clients ? 1 : 0);
    const own = Array.from({ length: count }, (__, nth) => variedView(id, nth * clients + index));
    return {
      client: aClient(id, index % 9 === 4 ? { contact: '' } : {}),
      tokens: own.toSorted((a, b) => a.record.iat - b.record.iat),
      attention: index % 9 === 4 ? ['no_contact'] : [],
      history: undefined,
    };
  });
  return theFacts(all);
}

function variedView(client: string, number: number): TokenView {
  const iat = NOW - ((number * 37) % 330) * DAY - (number % 86_399);
  const exp = iat + (90 + 138 * (number % 3)) * DAY;
  const note = number % 4 === 0 ? `job ${number}, site ${number % 71}` : undefined;
  const scopes = [['orders:read'], ['orders:read', 'orders:write'], []][number % 3] ?? [];
  const record = aRecord(number, { client, iat, exp, scopes, ...(note === undefined ? {} : { note }) });
  if (number % 17 === 3) {
    return aView({ ...record, state: 'revoked', revokedAt: Math.min(iat + 20 * DAY, NOW), reason: 'no longer needed' });
  }
  if (number % 101 === 7 && exp > NOW) return aView({ ...record, state: 'pending' }, { attention: ['pending'] });
  const view = aView(record, { lastUsedAt: number % 5 === 0 ? undefined : Math.min(NOW, iat + 3 * DAY) });
  if (!view.live) return view;
  const expiring = exp - NOW < 14 * DAY;
  return {
    ...view,
    attention: [...(expiring ? (['expiring'] as const) : []), ...(number % 13 === 5 ? (['unused'] as const) : [])],
  };
}
