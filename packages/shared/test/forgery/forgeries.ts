/** Forgeries that agree with themselves: events, records, requests and heads as a forger who knows the format writes them. */
import { hashEvent, type AuditEvent, type Json } from '../../src/domain/index.ts';
import { SEAL_TYPE, sha256Hex, TOKEN_TYPE } from '../../src/jose/index.ts';
import { identifyIssue } from '../../src/operations/index.ts';
import type { Forgery } from './edits.ts';
import { BULK, DAY, ISSUE, ISSUE_FIRST, ISSUE_ONCE, membersOf } from './history.ts';
import {
  afterOf,
  append,
  chainOf,
  eventAt,
  EVIL_AUDIENCE,
  EVIL_SCOPE,
  forgeGrant,
  headOf,
  pick,
  plant,
  rehash,
  tokenOf,
  tokenOfRequest,
  type Forger,
  type Kit,
  type Planted,
} from './kit.ts';
import { text, type Doc, type Stored } from './raw-registry.ts';

type Forge = (stored: Stored, kit: Kit) => void | Promise<void>;
type Planting = (stored: Stored, kit: Kit) => Planted;

const HASH_OF_FIRST = identifyIssue(ISSUE_FIRST)?.parameterHash ?? '';
const seconds = ({ deps }: Kit): number => Math.floor(deps.clock.now() / 1_000);

/** A pending token for the next run of a request, or one that is ready to be rotated in place of the live one. */
const PLANTINGS: Readonly<Record<string, Planting>> = {
  'a pending record of the client': (stored, kit) => plant(stored, kit),
  'a pending record of another client, for 300 days': (stored, kit) =>
    plant(stored, kit, { client: 'admins', scopes: ['root:all'] }),
  'a pending record of another client, for 3,650 days': (stored, kit) =>
    plant(stored, kit, { client: 'admins', exp: seconds(kit) + 3_650 * DAY }),
  'a pending record from the future': (stored, kit) =>
    plant(stored, kit, { scopes: ['plans:read'], iat: seconds(kit) + 200 * DAY, exp: seconds(kit) + 230 * DAY }),
  'a live record': (stored, kit) => inPlaceOf(stored, kit, 'live', plant(stored, kit, { state: 'active' })),
  'a live record that is not of a request': (stored, kit) =>
    inPlaceOf(stored, kit, 'claimed', plant(stored, kit, { state: 'active', requestId: 'x' })),
};

/** The token that will be rotated is the planted one, under the id that the command names. */
function inPlaceOf(stored: Stored, { history }: Kit, name: 'live' | 'claimed', { record, event }: Planted): Planted {
  const jti = history.jti[name];
  stored.token = stored.token.filter((it) => it['jti'] !== jti);
  record['jti'] = jti;
  event['subject'] = jti;
  afterOf(event)['jti'] = jti;
  rehash(stored, text(event['aggregate']), Number(event['seq']));
  return { record, event };
}

/** What may make a planted event look granted. */
const GRANTINGS: Readonly<Record<string, (stored: Stored, kit: Kit, planted: Planted) => void | Promise<void>>> = {
  'without a grant': () => {},
  'a grant of another commit': (stored, { random }, { event }) => {
    event['grant'] = pick(grants(stored, 'client:partner'), random);
  },
  'a grant of another client': (stored, { random }, { event }) => {
    event['grant'] = pick(grants(stored, 'client:admins'), random);
  },
  ...Object.fromEntries(
    (['own', 'revoked', 'disabled', 'foreign', 'seal'] as const).map((forger) => [
      `a grant by a key that is ${forger}`,
      async (_: Stored, kit: Kit, { event }: Planted) => {
        event['grant'] = await forgeGrant(kit, event, forger);
      },
    ]),
  ),
  'a grant by its own key, which the ring lists': async (stored, kit, { event }) => {
    addToRing(stored, kit, 'own');
    event['grant'] = await forgeGrant(kit, event, 'own');
  },
  "a grant by another environment's key, which the ring lists": async (stored, kit, { event }) => {
    addToRing(stored, kit, 'foreign');
    event['grant'] = await forgeGrant(kit, event, 'foreign');
  },
  'a grant by a seal key, which the ring lists': async (stored, kit, { event }) => {
    addToRing(stored, kit, 'seal');
    event['grant'] = await forgeGrant(kit, event, 'seal');
  },
  'a grant by a disabled key, which the ring lists': async (stored, kit, { event }) => {
    setKey(stored, kit.history.kids.disabled, { state: 'retired' });
    event['grant'] = await forgeGrant(kit, event, 'disabled');
  },
  'a grant by its own key, under the id of the active one': async (_, kit, { event }) => {
    event['grant'] = await forgeGrant(kit, event, 'own', { header: { kid: kit.history.kids.active } });
  },
  'a grant by its own key, which the ring lists at the place of the active one': async (stored, kit, { event }) => {
    setKey(stored, kit.history.kids.active, { ref: kit.signers.own.ref });
    event['grant'] = await forgeGrant(kit, event, 'own', { header: { kid: kit.history.kids.active } });
  },
  ...Object.fromEntries(
    Object.entries({
      'alg none': { alg: 'none' },
      'alg HS256': { alg: 'HS256' },
      'alg RS256': { alg: 'RS256' },
      'alg EdDSA': { alg: 'EdDSA' },
      crit: { crit: ['x'] },
      'an embedded key': { jwk: { kty: 'EC' } },
      'the address of a key': { jku: 'https://evil.example' },
      'the type of a token': { typ: TOKEN_TYPE },
      'the type of a seal': { typ: SEAL_TYPE },
      'no type': { typ: null },
      'no key': { kid: null },
      'a key with a path': { kid: '../keys/x' },
    } satisfies Record<string, Doc>).map(([name, header]) => [
      `a grant with ${name}`,
      async (_: Stored, kit: Kit, { event }: Planted) => {
        event['grant'] = await forgeGrant(kit, event, 'own', { header: { kid: kit.history.kids.active, ...header } });
      },
    ]),
  ),
  'the token of somebody as its grant': (_, { history, random }, { event }) => {
    event['grant'] = pick([...history.delivered.values()], random);
  },
};

function grants(stored: Stored, aggregate: string): Json[] {
  return chainOf(stored, aggregate).flatMap(({ grant }) => grant ?? []);
}

function addToRing(stored: Stored, { signers }: Kit, forger: Forger): void {
  const { kid, ref } = signers[forger];
  const keys = headOf(stored, 'ring:main')?.['keys'];
  if (Array.isArray(keys)) keys.push({ kid, ref, alg: 'ES256', state: 'retired', createdAt: 1_700_000_000 });
}

function setKey(stored: Stored, kid: string, part: Doc): void {
  const keys = headOf(stored, 'ring:main')?.['keys'];
  if (Array.isArray(keys)) Object.assign(membersOf(keys.find((it) => membersOf(it)['kid'] === kid)), part);
}

function aimOf(what: string): RegExp {
  return what.startsWith('a live') ? /the live token|claimed|rotate all|restore/ : /first time|restore/;
}

const planted: readonly Forgery[] = Object.entries(PLANTINGS).flatMap(([what, planting]) =>
  Object.entries(GRANTINGS).map(([how, granting]): Forgery => ({
    name: `${what}, ${how}`,
    aim: aimOf(what),
    forge: async (stored, kit) => granting(stored, kit, planting(stored, kit)),
  })),
);

/** The next honest signature stands on top of them, or over the same places once they have been moved. */
const underHonest: readonly Forgery[] = Object.entries(PLANTINGS).flatMap(([what, planting]): Forgery[] => {
  const forge: Forge = (stored, kit) => void planting(stored, kit);
  const copyGrant = (stored: Stored): void => {
    for (const aggregate of ['client:partner', 'client:admins']) {
      const chain = chainOf(stored, aggregate);
      const grant = chain.at(-1)?.['grant'];
      const below = chain.at(-2);
      if (below !== undefined && grant !== undefined) below['grant'] = grant;
    }
  };
  return [
    { name: `${what}, with an honest commit on top`, aim: aimOf(what), forge, onTop: () => {} },
    { name: `${what}, with the grant of an honest commit on top`, aim: aimOf(what), forge, onTop: copyGrant },
    {
      name: `${what}, in place of what an honest commit prepared`,
      aim: aimOf(what),
      forge: () => {},
      onTop: (stored, kit) => {
        const last = chainOf(stored, 'client:partner').findLast(({ action }) => action === 'token.prepared');
        const { event, record } = planting(stored, kit);
        if (last === undefined || event['aggregate'] !== last['aggregate']) return;
        // Content of the planted event, place and signature of the honest one.
        Object.assign(last, { subject: event['subject'], detail: event['detail'] });
        record['grantSeq'] = last['seq'] ?? 0;
      },
    },
  ];
});

const copied: readonly Forgery[] = (['sameKeys', 'otherIssuer', 'otherKeys'] as const).flatMap((which): Forgery[] => {
  const chainOnly = (stored: Stored, kit: Kit): Stored => {
    const from = structuredClone(kit.foreign[which]);
    const own = (it: Doc): boolean =>
      it['client'] === 'partner' || it['id'] === 'partner' || it['aggregate'] === 'client:partner';
    for (const kind of ['client', 'token', 'event', 'request'] as const) {
      stored[kind] = [...stored[kind].filter((it) => !own(it)), ...from[kind].filter(own)];
    }
    return from;
  };
  const asLive = (stored: Stored, { history }: Kit): void => {
    const evil = stored.token.find((it) => it['client'] === 'partner' && it['state'] === 'active');
    if (evil !== undefined) evil['jti'] = history.jti.live;
  };
  const forRequest: Forge = (stored, kit) => {
    chainOnly(stored, kit);
    const request = stored.request.find(({ id }) => id === ISSUE_FIRST.requestId);
    if (request !== undefined) request['parameterHash'] = HASH_OF_FIRST;
  };
  return [
    {
      name: `a client with its chain from an environment of ${which}`,
      aim: /^issue|all|restore/,
      forge: (stored, kit) => void chainOnly(stored, kit),
    },
    {
      name: `a live token with its chain from an environment of ${which}`,
      aim: /the live|all/,
      forge: (stored, kit) => {
        chainOnly(stored, kit);
        asLive(stored, kit);
      },
    },
    { name: `a request with its chain from an environment of ${which}`, aim: /^issue/, forge: forRequest },
    {
      name: `a live token with its chain and its ring from an environment of ${which}`,
      aim: /the live|all/,
      forge: (stored, kit) => {
        const from = chainOnly(stored, kit);
        asLive(stored, kit);
        const keys = headOf(stored, 'ring:main')?.['keys'];
        const more = headOf(from, 'ring:main')?.['keys'];
        if (!Array.isArray(keys) || !Array.isArray(more)) return;
        const known = new Set(keys.map((it) => membersOf(it)['kid']));
        keys.push(
          ...more
            .filter((it) => !known.has(membersOf(it)['kid']))
            .map((it) => ({ ...membersOf(it), state: 'retired' })),
        );
      },
    },
  ];
});

function rotates(name: string): RegExp {
  return new RegExp(`the ${name} token|rotate all`);
}

/** What one record is told to be proven by, which is about another. */
const pointed: readonly Forgery[] = [
  ...(['live', 'claimed', 'retiring'] as const).flatMap((name): Forgery[] => [
    {
      name: `the ${name} token points at the grant of another`,
      aim: rotates(name),
      forge: (stored, { history, random }) => {
        const record = tokenOf(stored, history.jti[name]);
        record['scopes'] = [EVIL_SCOPE];
        record['grantSeq'] = Number(pick(chainOf(stored), random)['seq']);
      },
    },
    {
      name: `the ${name} token points at any reprepare`,
      aim: rotates(name),
      forge: (stored, { history, random }) => {
        tokenOf(stored, history.jti[name])['regrantSeq'] = Number(pick(chainOf(stored), random)['seq']);
      },
    },
    {
      name: `the ${name} token takes the place of an admin's, whose events are copied`,
      aim: rotates(name),
      forge: (stored, { history }) => {
        const admin = tokenOf(stored, history.jti.admin);
        const event = structuredClone(eventAt(stored, admin['grantSeq'], 'client:admins'));
        const made = append(stored, { ...event, subject: history.jti[name] });
        Object.assign(afterOf(made), { jti: history.jti[name], client: 'partner', grantSeq: made['seq'] });
        rehash(stored, 'client:partner', Number(made['seq']));
        Object.assign(tokenOf(stored, history.jti[name]), { scopes: admin['scopes'], grantSeq: made['seq'] });
      },
    },
    {
      name: `the ${name} token belongs to an admin, whose chain has its events`,
      aim: rotates(name),
      forge: (stored, { history }) => {
        const record = tokenOf(stored, history.jti[name]);
        const event = structuredClone(eventAt(stored, record['grantSeq']));
        record['client'] = 'admins';
        const made = append(stored, { ...event }, 'client:admins');
        Object.assign(afterOf(made), { client: 'admins', grantSeq: made['seq'] });
        rehash(stored, 'client:admins', Number(made['seq']));
        record['grantSeq'] = made['seq'] ?? 0;
      },
    },
  ]),
  ...(['revokedKey', 'disabledKey', 'rekeyed'] as const).flatMap((name): Forgery[] =>
    (['active', 'retiring'] as const).map((kid) => ({
      name: `the ${name} token names the ${kid} key`,
      aim: rotates(name),
      forge: (stored, { history }) => {
        const record = tokenOf(stored, history.jti[name]);
        Object.assign(record, { state: 'active', kid: history.kids[kid] });
        for (const member of ['revokedAt', 'revokedBy', 'reason']) delete record[member];
      },
    })),
  ),
  {
    name: 'the expired token lives on',
    aim: rotates('expired'),
    forge: (stored, kit) => {
      const end = seconds(kit) + 300 * DAY;
      Object.assign(tokenOf(stored, kit.history.jti.expired), { exp: end, liveUntil: end });
    },
  },
  {
    name: 'the expired token lives on, and its event says so',
    aim: rotates('expired'),
    forge: (stored, kit) => {
      const end = seconds(kit) + 300 * DAY;
      const record = tokenOf(stored, kit.history.jti.expired);
      Object.assign(record, { exp: end, liveUntil: end });
      Object.assign(afterOf(eventAt(stored, record['grantSeq'])), { exp: end, liveUntil: end });
      rehash(stored);
    },
  },
  ...([ISSUE_FIRST, ISSUE, ISSUE_ONCE, BULK[1] ?? ISSUE] as const).flatMap(({ requestId }): Forgery[] =>
    ['CHG-1', 'CHG-77', 'CHG-78', 'bulk-1', 'bulk-3', 'ROT-1'].map((other) => ({
      name: `the request ${requestId} made what ${other} made`,
      aim: /^issue/,
      forge: (stored) => {
        const from = stored.request.find(({ id }) => id === other) ?? {};
        const before = stored.request.find(({ id }) => id === requestId);
        const parameterHash = before?.['parameterHash'] ?? HASH_OF_FIRST;
        stored.request = stored.request.filter(({ id }) => id !== requestId);
        stored.request.push({ ...from, id: requestId, parameterHash });
        const record = tokenOf(stored, text(from['jti']));
        record['requestId'] = requestId;
      },
    })),
  ),
];

/** An event that is not the last of its commit is another, sound in itself; the last one keeps its grant. */
const inside: readonly Forgery[] = (
  [
    ['bulk-1', /file|bulk/],
    ['bulk-2', /file|bulk/],
    ['ROT-1', /claimed|cut short|ROT-1/],
  ] as const
).flatMap(([requestId, aim]): Forgery[] =>
  [{ scopes: [EVIL_SCOPE] }, { aud: [EVIL_AUDIENCE] }, { state: 'active', scopes: [EVIL_SCOPE] }].map((part) => ({
    name: `what ${requestId} made is ${Object.keys(part).join(' and ')} of a forger, inside of its commit`,
    aim,
    forge: (stored) => {
      const record = tokenOfRequest(stored, requestId);
      const event = eventAt(stored, record['grantSeq']);
      Object.assign(record, part);
      Object.assign(afterOf(event), part);
      event['hash'] = hashEvent(event as unknown as AuditEvent, sha256Hex);
    },
  })),
);

/** Chains that were cut or set back, and what was signed before and after. */
const cut: readonly Forgery[] = [
  ...[1, 2, 3, 5, 8, 12].map((count): Forgery => ({
    name: `the last ${count} events are gone, with the head`,
    forge: (stored) => cutTail(stored, count),
  })),
  ...[1, 3, 8].map((count): Forgery => ({
    name: `the last ${count} events are gone, others honest in their place`,
    forge: (stored) => cutTail(stored, count),
    onTop: () => {},
  })),
  ...[1, 2, 4, 7].map((count): Forgery => ({
    name: `the first ${count} events are gone`,
    forge: (stored) => {
      stored.event = stored.event.filter((it) => it['aggregate'] !== 'client:partner' || Number(it['seq']) > count);
    },
  })),
  {
    name: 'every second event is gone',
    forge: (stored) => {
      stored.event = stored.event.filter((it) => Number(it['seq']) % 2 === 1);
    },
  },
  {
    name: 'no event has a grant',
    forge: (stored) => {
      for (const event of stored.event) delete event['grant'];
    },
  },
  {
    name: 'every event has the last grant',
    forge: (stored) => {
      const grant = grants(stored, 'client:partner').at(-1) ?? '';
      for (const event of chainOf(stored)) event['grant'] = grant;
    },
  },
  {
    name: 'the grants are turned round',
    forge: (stored) => {
      const events = chainOf(stored).filter(({ grant }) => grant !== undefined);
      const turned = events.map(({ grant }) => grant ?? '').toReversed();
      for (const [index, event] of events.entries()) event['grant'] = turned[index] ?? '';
    },
  },
  {
    name: 'an older state of a resumed request, with its grant',
    forge: (stored) => {
      const record = tokenOfRequest(stored, ISSUE.requestId);
      delete record['regrantSeq'];
      const { payloadSha256, kid } = afterOf(eventAt(stored, record['grantSeq']));
      Object.assign(record, { payloadSha256, kid });
    },
  },
  {
    name: 'the whole chain hashed anew with more scopes',
    forge: (stored) => {
      for (const event of chainOf(stored)) if ('scopes' in afterOf(event)) afterOf(event)['scopes'] = [EVIL_SCOPE];
      for (const record of stored.token) record['scopes'] = [EVIL_SCOPE];
      rehash(stored);
    },
  },
  {
    name: 'the whole chain hashed anew with longer lives',
    forge: (stored) => {
      for (const event of chainOf(stored)) {
        const after = afterOf(event);
        if ('exp' in after)
          Object.assign(after, { exp: Number(after['exp']) + 300 * DAY, liveUntil: Number(after['exp']) + 300 * DAY });
      }
      for (const record of stored.token) record['exp'] = Number(record['exp']) + 300 * DAY;
      rehash(stored);
    },
  },
  {
    name: 'the whole chain hashed anew for another audience',
    forge: (stored) => {
      for (const event of chainOf(stored)) if ('aud' in afterOf(event)) afterOf(event)['aud'] = [EVIL_AUDIENCE];
      for (const record of stored.token) record['aud'] = [EVIL_AUDIENCE];
      rehash(stored);
    },
  },
];

function cutTail(stored: Stored, count: number): void {
  const gone = new Set(chainOf(stored).slice(-count));
  stored.event = stored.event.filter((event) => !gone.has(event));
  const last = chainOf(stored).at(-1);
  Object.assign(headOf(stored, 'client:partner') ?? {}, { eventSeq: last?.['seq'], eventHash: last?.['hash'] });
}

export const FORGERIES: readonly Forgery[] = [...planted, ...underHonest, ...copied, ...pointed, ...inside, ...cut];
