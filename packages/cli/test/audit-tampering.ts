/** Ways to falsify a registry behind the program's back, each applied somewhere at random. */
import { chainOf, rehash, text, type Doc, type Documents, type History } from './audit-documents.ts';

/** Changes the documents in place. `random` gives numbers in [0, 1). */
type Tampering = (documents: Documents, random: () => number, history: History) => void;

/** What chains and replay show by themselves. */
export const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'a character of an event changed': ({ events }, random) => {
    spoil(pick(events, random), random);
  },
  'a value in what an event changed replaced': ({ events }, random) => {
    const { after } = pick(events, random)['detail'] as unknown as { after: Doc };
    const [name] = pick(Object.entries(after), random);
    after[name] = other(after[name] ?? null);
  },
  'an event removed': ({ events }, random) => {
    events.splice(index(events, random), 1);
  },
  'two events swapped': (documents, random) => {
    const chain = chainOf(documents, pickClient(documents, random));
    const at = Math.floor(random() * (chain.length - 1));
    const [one, two] = [chain[at] ?? {}, chain[at + 1] ?? {}];
    [one['seq'], two['seq']] = [two['seq'] ?? null, one['seq'] ?? null];
  },
  'an event rewritten, and all behind it hashed anew': (documents, random) => {
    const aggregate = pickClient(documents, random);
    pick(chainOf(documents, aggregate), random)['actor'] = 'nobody@nowhere';
    rehash(documents, aggregate);
  },
  'a change rewritten, and chain and head hashed anew': (documents, random) => {
    const aggregate = pickClient(documents, random);
    const changes = chainOf(documents, aggregate).filter((it) => it['action'] === 'client.updated');
    const { after } = pick(changes, random)['detail'] as unknown as { after: Doc };
    after['maxTtl'] = 31_000_000;
    setHead(documents, aggregate, rehash(documents, aggregate));
  },
  'an event inserted, and chain and head hashed anew': (documents, random) => {
    const aggregate = pickClient(documents, random);
    const chain = chainOf(documents, aggregate);
    const last = chain.at(-1) ?? {};
    documents.events.push({
      ...structuredClone(last),
      seq: chain.length + 1,
      action: 'client.resumed',
      detail: { entity: 'client', before: { state: 'suspended' }, after: { state: 'active' } },
    });
    setHead(documents, aggregate, rehash(documents, aggregate));
  },
  'the tail of a chain cut off': (documents, random) => {
    const chain = chainOf(documents, pickClient(documents, random));
    const cut = new Set(chain.slice(-1 - Math.floor(random() * (chain.length - 1))));
    documents.events = documents.events.filter((it) => !cut.has(it));
  },
  'all events of a client removed': (documents, random) => {
    const aggregate = pickClient(documents, random);
    documents.events = documents.events.filter((it) => it['aggregate'] !== aggregate);
  },
  'a token record edited': ({ records }, random) => {
    const record = pick(records, random);
    const [name, value] = pick(
      [
        ['epoch', Number(record['epoch']) + 1],
        ['scopes', ['admin']],
        ['payloadSha256', 'f'.repeat(64)],
        ['note', 'edited'],
        ['iat', Number(record['iat']) - 1],
        ['liveUntil', Number(record['liveUntil']) - 1],
        ['iss', 'https://elsewhere.example'],
      ] as const,
      random,
    );
    record[name] = value as never;
  },
  'a revoked or pending token made active': ({ records }, random) => {
    const record = pick(records, random);
    const active = record['state'] === 'active';
    for (const name of ['revokedAt', 'revokedBy', 'reason']) delete record[name];
    record['state'] = active ? 'pending' : 'active';
  },
  'a token record added': ({ records }, random) => {
    const record = pick(records, random);
    records.push({ ...record, jti: `ffffffff${text(record['jti']).slice(8)}` });
  },
  'a token record removed before its time': (documents, random, { now }) => {
    const live = documents.records.filter((it) => Number(it['exp']) * 1000 > now);
    const gone = pick(live, random);
    documents.records = documents.records.filter((it) => it !== gone);
  },
  'a token record given to another client': ({ records, clients }, random) => {
    const record = pick(records, random);
    record['client'] = pick(
      clients.filter(({ id }) => id !== record['client']),
      random,
    )['id'] as string;
  },
  'a client edited': ({ clients }, random) => {
    const client = pick(clients, random);
    const [name, value] = pick(
      [
        ['state', client['state'] === 'active' ? 'suspended' : 'active'],
        ['epoch', Number(client['epoch']) - 1],
        ['scopes', ['everything']],
        ['contact', 'mallory@example.org'],
        ['maxTtl', 31_622_400],
        ['createdAt', 0],
      ] as const,
      random,
    );
    client[name] = value as never;
  },
  'the version of a client edited': ({ clients }, random) => {
    const client = pick(clients, random);
    const version = Number(client['version']);
    client['version'] = pick(
      [1, version - 1, version + 1, Number(client['eventSeq'])].filter((it) => it !== version),
      random,
    );
  },
  'the version of a ring edited': ({ rings }) => {
    const [ring = {}] = rings;
    ring['version'] = Number(ring['version']) + 1;
  },
  'a request edited': ({ requests }, random) => {
    const request = pick(requests, random);
    const name = pick(['id', 'parameterHash', 'jti', 'client', 'createdAt', 'exp'], random);
    const last = text(request[name]).at(-1);
    request[name] =
      typeof request[name] === 'number'
        ? request[name] + 1
        : // A file holds no two requests of one id.
          name === 'id'
          ? `${text(request[name])}x`
          : `${text(request[name]).slice(0, -1)}${last === '0' ? '1' : '0'}`;
  },
  'a request pointed at another token': ({ requests, records }, random) => {
    const request = pick(requests, random);
    const record = pick(
      records.filter(({ jti }) => jti !== request['jti']),
      random,
    );
    for (const name of ['jti', 'client', 'exp']) request[name] = record[name] ?? null;
  },
  'a request added': ({ requests, records }, random) => {
    const { jti = null, client = null, exp = null } = pick(records, random);
    requests.push({ ...pick(requests, random), id: 'CHG-planted', jti, client, exp });
  },
  'a request added for a client that is not known': ({ requests }, random) => {
    requests.push({ ...pick(requests, random), id: 'CHG-planted', client: 'unheard-of' });
  },
  'a request removed before its time': (documents, random, { now }) => {
    const kept = documents.requests.filter(({ exp }) => Number(exp) > now / 1000 - 400 * 86_400);
    const gone = pick(kept, random);
    documents.requests = documents.requests.filter((it) => it !== gone);
  },
  'a client removed, its events left': (documents, random) => {
    documents.clients.splice(index(documents.clients, random), 1);
  },
  'a client and its events removed, its tokens left': (documents, random) => {
    const aggregate = pickClient(documents, random);
    documents.clients = documents.clients.filter(({ id }) => `client:${text(id)}` !== aggregate);
    documents.events = documents.events.filter((it) => it['aggregate'] !== aggregate);
  },
  'a client set back to an earlier head': (documents, random) => {
    const aggregate = pickClient(documents, random);
    const chain = chainOf(documents, aggregate);
    setHead(documents, aggregate, chain[chain.length - 2]);
  },
  'the state of a key edited': ({ rings }, random) => {
    const key = pick(keysOf(rings), random);
    const states = ['pending', 'retiring', 'retired', 'revoked'];
    key['state'] = pick(
      states.filter((state) => state !== key['state']),
      random,
    );
  },
  'a key pointed at other material': ({ rings }, random) => {
    pick(keysOf(rings), random)['ref'] = 'memory:elsewhere';
  },
  'a key added to the ring': ({ rings }) => {
    const keys = keysOf(rings);
    keys.push({ ...keys[0], kid: 'A'.repeat(43), state: 'retiring' });
  },
  'an event written twice': (documents, random) => {
    const chain = chainOf(documents, pickClient(documents, random));
    documents.events.push({ ...structuredClone(pick(chain, random)), seq: chain.length + 1 });
  },
  'an event moved to another client': (documents, random) => {
    const [from, to] = [pickClient(documents, random), pickClient(documents, random)];
    const target = from === to ? 'ring:main' : to;
    const event = pick(chainOf(documents, from), random);
    event['seq'] = chainOf(documents, target).length + 1;
    event['aggregate'] = target;
  },
};

/** What leaves no trace in what is left: a seal or an export that is kept elsewhere shows it. */
export const TRACELESS: Readonly<Record<string, Tampering>> = {
  'a client set back whole, with its events and tokens': (documents, random, { earlier }) => {
    const aggregate = pickClient(documents, random);
    const isOf = (it: Doc): boolean => `client:${text(it['id'] ?? it['client'])}` === aggregate;
    const isRequestOf = (it: Doc): boolean => `client:${text(it['client'])}` === aggregate;
    const swap = (now: Doc[], then: Doc[], mine: (it: Doc) => boolean): Doc[] => [
      ...now.filter((it) => !mine(it)),
      ...structuredClone(then.filter(mine)),
    ];
    documents.clients = swap(documents.clients, earlier.clients, isOf);
    documents.records = swap(documents.records, earlier.records, isOf);
    documents.requests = swap(documents.requests, earlier.requests, isRequestOf);
    documents.events = swap(documents.events, earlier.events, (it) => it['aggregate'] === aggregate);
  },
  'a client removed with all that belongs to it': (documents, random) => {
    const aggregate = pickClient(documents, random);
    documents.clients = documents.clients.filter(({ id }) => `client:${text(id)}` !== aggregate);
    documents.records = documents.records.filter(({ client }) => `client:${text(client)}` !== aggregate);
    documents.requests = documents.requests.filter(({ client }) => `client:${text(client)}` !== aggregate);
    documents.events = documents.events.filter((it) => it['aggregate'] !== aggregate);
  },
  'a chain and its head rewritten with another actor': (documents, random) => {
    const aggregate = pickClient(documents, random);
    for (const event of chainOf(documents, aggregate)) event['actor'] = 'mallory@elsewhere';
    setHead(documents, aggregate, rehash(documents, aggregate));
  },
};

function setHead({ clients }: Documents, aggregate: string, last: Doc | undefined): void {
  const client = clients.find(({ id }) => `client:${text(id)}` === aggregate);
  if (client === undefined || last === undefined) throw new TypeError('there is no such chain');
  client['eventSeq'] = last['seq'] ?? null;
  client['eventHash'] = last['hash'] ?? null;
}

function keysOf(rings: readonly Doc[]): Doc[] {
  return rings[0]?.['keys'] as unknown as Doc[];
}

function pickClient({ clients }: Documents, random: () => number): string {
  return `client:${text(pick(clients, random)['id'])}`;
}

/** Changes one character of one text anywhere inside. */
/** What shows to a check that has the keys of the environment. */
export const WITH_KEYS: Readonly<Record<string, Tampering>> = {
  'a character of a grant changed': ({ events }, random) => {
    const event = pick(
      events.filter(({ grant }) => grant !== undefined),
      random,
    );
    const grant = text(event['grant']);
    const at = Math.floor(random() * grant.length);
    event['grant'] = `${grant.slice(0, at)}${grant.charAt(at) === 'a' ? 'b' : 'a'}${grant.slice(at + 1)}`;
  },
  'a grant removed': ({ events }, random) => {
    const event = pick(
      events.filter(({ grant }) => grant !== undefined),
      random,
    );
    delete event['grant'];
  },
};

function spoil(document: Doc, random: () => number): void {
  // No hash covers a grant, nor the id of the call that signed it: that needs the keys.
  const texts = Object.entries(document).filter(([name, it]) => typeof it === 'string' && !name.startsWith('grant'));
  const [name, value] = pick(texts, random);
  const old = text(value);
  const at = Math.floor(random() * old.length);
  document[name] = `${old.slice(0, at)}${old.charAt(at) === 'a' ? 'b' : 'a'}${old.slice(at + 1)}`;
}

function other(value: unknown): never {
  if (typeof value === 'number') return (value + 1) as never;
  if (typeof value === 'string') return `${value}x` as never;
  return 'x' as never;
}

function index(items: readonly unknown[], random: () => number): number {
  return Math.floor(random() * items.length);
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[index(items, random)];
  if (item === undefined) throw new TypeError('nothing to tamper with');
  return item;
}
