/** Reads what a report is made of. Listings stream; what the page can hold is decided later, by the model. */
import {
  clientAttention,
  FINDING_KINDS,
  isAboutClocks,
  listKeys,
  listTokens,
  NotFoundError,
  registrySource,
  verifyAudit,
  type AuditEvent,
  type AuditReport,
  type Client,
  type Clock,
  type EpochSeconds,
  type Finding,
  type KeyView,
  type Registry,
  type TokenView,
} from '@apikey/shared';
import type { AuditFacts, ClientFacts, Facts } from './facts.ts';
import type { ClientHistory } from './life.ts';

/** The newest events that a report shows. */
const EVENTS = 100;
const DAY = 86_400_000;

export interface Wanted {
  readonly clients: readonly string[] | undefined;
  readonly since: EpochSeconds | undefined;
  readonly events: boolean;
}

export interface CollectOptions extends Wanted {
  readonly onTokens: (count: number) => void;
  readonly onEvents: (count: number, total: number | undefined) => void;
}

type ReadDeps = { readonly registry: Registry; readonly clock: Clock };
type Collected = Omit<Facts, 'version' | 'environment'>;

/** Throws `CLIENT_NOT_FOUND` for a client that was named and does not exist. */
export async function collect(deps: ReadDeps, options: CollectOptions): Promise<Collected> {
  const clients = await collectClients(deps, options);
  const keys = await keysOf(deps);
  const first = Math.min(
    ...clients.map(({ client }) => client.createdAt),
    ...keys.map(({ key }) => key.createdAt),
    deps.clock.now() / 1000,
  );
  return {
    ...nothing(deps.clock, options),
    isSetUp: true,
    clients,
    keys,
    events: options.events ? await newestEvents(deps, options, first) : undefined,
    audit: await auditOf(deps, options),
  };
}

/** What is known of an environment that was never set up. */
export function nothing(clock: Clock, { clients, since, events }: Wanted): Collected {
  return {
    now: Math.floor(clock.now() / 1000),
    isSetUp: false,
    only: clients,
    since,
    clients: [],
    keys: [],
    events: events ? [] : undefined,
    eventLimit: EVENTS,
    audit: { chains: 0, events: 0, findings: [], moreFindings: 0 },
  };
}

async function collectClients(deps: ReadDeps, { clients: only, onTokens }: CollectOptions): Promise<ClientFacts[]> {
  const clients = await clientsOf(deps.registry, only);
  const tokens = new Map<string, TokenView[]>(clients.map(({ id }) => [id, []]));
  for (const client of only ?? [undefined]) {
    for await (const view of listTokens(deps, { client, all: true })) {
      // A client that was registered since the clients were listed is left to the next report.
      tokens.get(view.record.client)?.push(view);
      onTokens(1);
    }
  }
  const found: ClientFacts[] = [];
  for (const client of clients) {
    const own = tokens.get(client.id) ?? [];
    const open = own.filter(({ over }) => !over).length;
    const history = await historyOf(deps.registry, client, own);
    found.push({ client, tokens: own, attention: clientAttention(client, open), history });
  }
  return found;
}

async function clientsOf(registry: Registry, only: readonly string[] | undefined): Promise<Client[]> {
  if (only === undefined) return Array.fromAsync(registry.clients());
  return Promise.all(
    only.map(async (id) => {
      const client = await registry.getClient(id);
      if (client !== undefined) return client;
      throw new NotFoundError('CLIENT_NOT_FOUND', `no client ${id}`, {
        why: 'no token was ever issued to it',
        fix: 'look at the clients with: apikey clients list',
      });
    }),
  );
}

/** The client's own events tell when it ended or stopped tokens; read only where some token's life depends on it. */
async function historyOf(
  registry: Registry,
  client: Client,
  tokens: readonly TokenView[],
): Promise<ClientHistory | undefined> {
  if (!tokens.some(({ reason }) => reason === 'client_revoked' || reason === 'client_suspended')) return undefined;
  const epochEnds = new Map<number, EpochSeconds>();
  let suspendedAt: EpochSeconds | undefined;
  for await (const { action, at, detail } of registry.eventsOf({ kind: 'client', id: client.id })) {
    const seconds = Math.floor(Date.parse(at) / 1000);
    const epoch = detail.before['epoch'];
    if (action === 'client.revoked' && typeof epoch === 'number') epochEnds.set(epoch, seconds);
    if (action === 'client.suspended') suspendedAt = seconds;
  }
  return { epochEnds, suspendedAt };
}

async function keysOf(deps: ReadDeps): Promise<readonly KeyView[]> {
  try {
    return await listKeys(deps);
  } catch (error) {
    if (error instanceof NotFoundError && error.code === 'RING_NOT_FOUND') return [];
    throw error;
  }
}

/**
 * The newest events, newest first. Events are listed oldest first: the time before now is looked through in stretches
 * that grow until there are enough, so that a long past costs nothing.
 */
async function newestEvents(
  { registry, clock }: ReadDeps,
  { clients, since }: CollectOptions,
  first: EpochSeconds,
): Promise<AuditEvent[]> {
  const ofClients = clients === undefined ? undefined : new Set(clients.map((id) => `client:${id}`));
  const earliest = Math.max(first, since ?? 0) * 1000;
  const stretches: AuditEvent[][] = [];
  let count = 0;
  // Another machine's clock may be ahead of this one.
  let until = clock.now() + DAY;
  let stretch = 2 * DAY;
  while (count < EVENTS && until > earliest) {
    const from = Math.max(earliest, until - stretch);
    const earlier: AuditEvent[] = [];
    for await (const event of registry.eventsByTime(from, until)) {
      if (ofClients !== undefined && !ofClients.has(event.aggregate)) continue;
      earlier.push(event);
      if (earlier.length >= 2 * EVENTS) earlier.splice(0, EVENTS);
    }
    stretches.unshift(earlier);
    count += earlier.length;
    until = from;
    stretch *= 2;
  }
  return stretches.flat().slice(-EVENTS).toReversed();
}

async function auditOf(
  { registry, clock }: ReadDeps,
  { clients: only, onEvents }: CollectOptions,
): Promise<AuditFacts> {
  const source = registrySource(registry);
  const reports: AuditReport[] = [];
  for (const client of only ?? [undefined]) {
    const onProgress = (step: string, count: number, total: number | undefined): void => {
      if (step === 'check') onEvents(count, total);
    };
    reports.push(await verifyAudit(source, { now: clock.now(), client, onProgress }));
  }
  const total = (value: (report: AuditReport) => number): number => reports.reduce((sum, it) => sum + value(it), 0);
  return {
    chains: total(({ aggregates }) => aggregates),
    events: total(({ events }) => events),
    findings: reports.flatMap(({ findings }) =>
      findings.map((it) => ({ aggregate: it.aggregate, what: findingWords(it), clock: isAboutClocks(it) })),
    ),
    moreFindings: total(({ moreFindings }) => moreFindings),
  };
}

function findingWords({ kind, seq, subject, difference, note }: Finding): string {
  return [
    FINDING_KINDS[kind],
    ...(seq === undefined ? [] : [`event ${seq}`]),
    ...(subject === undefined ? [] : [subject]),
    ...(difference === undefined
      ? []
      : [
          `${difference.field} is ${JSON.stringify(difference.found)}, and should be ${JSON.stringify(difference.expected)}`,
        ]),
    ...(note === undefined ? [] : [note]),
  ].join('; ');
}
