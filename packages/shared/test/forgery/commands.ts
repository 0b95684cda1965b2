/** What the admins run on a registry that was tampered with, and what each command may make a token of. */
import { ApikeyError, endOfLife, type TokenRecord } from '../../src/domain/index.ts';
import { parseClaims, type TokenClaims } from '../../src/jose/claims.ts';
import { parseCompact } from '../../src/jose/compact.ts';
import {
  activateToken,
  findRotatable,
  findTokenRecord,
  issueToken,
  listRotatable,
  planRestore,
  registrySource,
  restoreRegistry,
  rotateToken,
  type IssueRequest,
  type OperationDeps,
  type RotateRequest,
} from '../../src/operations/index.ts';
import { memoryRegistry } from '../../src/testing/index.ts';
import {
  BULK,
  bulkIssue,
  DAY,
  ISSUE,
  ISSUE_FIRST,
  ISSUE_ONCE,
  type History,
  type Power,
  type SignedGrant,
} from './history.ts';

interface Trial {
  readonly deps: OperationDeps;
  readonly history: History;
  /** What was signed before the tampering, by `jti`. */
  readonly granted: ReadonlyMap<string, SignedGrant>;
  /** Keys that were revoked, unless the forger put them back. */
  readonly revokedKids: ReadonlySet<string>;
  /** Told of every token that was made, and the most that it may be. */
  readonly delivered: (token: string, limit: Power | undefined) => void;
  /** Told of everything else that must not be. */
  readonly excess: (what: string) => void;
}

export interface Command {
  readonly name: string;
  readonly run: (trial: Trial) => Promise<unknown>;
}

const WEEK = 7 * DAY;

function powerOf({ deps }: Trial, { client, scopes, audience, ttl }: IssueRequest): Power {
  const { audience: own, defaultTtl } = deps.environment;
  return { client, scopes, aud: audience.length === 0 ? [own] : audience, lifetime: ttl ?? defaultTtl };
}

const issue = (name: string, request: IssueRequest): Command => ({
  name,
  run: (trial) =>
    issueToken(trial.deps, request, {
      check: async () => {},
      deliver: async (token) => trial.delivered(token, powerOf(trial, request)),
    }),
});

/** At most what a grant gave to the token that is replaced, narrowed or replaced by what the command says. */
async function rotate(trial: Trial, request: RotateRequest): Promise<void> {
  const { deps, granted } = trial;
  await rotateToken(deps, request, {
    check: async () => {},
    deliver: async (token, { replaces }) =>
      trial.delivered(token, replaces === request.jti ? limitOf(trial, request, granted.get(request.jti)) : undefined),
  });
}

function limitOf(
  { deps, revokedKids }: Trial,
  { client, clientNamed, scopes, audience, ttl }: RotateRequest,
  grant: SignedGrant | undefined,
): Power | undefined {
  const said = clientNamed === true && scopes !== undefined && audience !== undefined && ttl !== undefined;
  if (said) return { client, scopes, aud: audience, lifetime: ttl };
  // What has ended for good is nothing to go on from.
  if (grant === undefined || grant.exp * 1_000 <= deps.clock.now() || revokedKids.has(grant.kid)) return undefined;
  return {
    client: grant.client,
    scopes: scopes ?? grant.scopes,
    aud: audience ?? grant.aud,
    lifetime: ttl ?? grant.lifetime,
  };
}

type Name = keyof History['jti'];

/** As the command line finds its token: by its id alone, wherever the registry says that it is. */
const rotateOne = (name: Name, part: Partial<RotateRequest> = {}): Command => ({
  name: `rotate the ${name} token ${JSON.stringify(part)}`,
  run: async (trial) => {
    const named = part.clientNamed === true ? 'partner' : undefined;
    const { client, jti } = await findTokenRecord(trial.deps.registry, trial.history.jti[name], named);
    return rotate(trial, { client, jti, grace: WEEK, takeOver: false, ...part });
  },
});

const ALL_SAID = { scopes: ['said:one'], audience: ['https://said.example'], ttl: 2 * DAY };

export const COMMANDS: readonly Command[] = [
  issue('issue again what was resumed before', ISSUE),
  issue('issue again what was cut short', ISSUE_ONCE),
  issue('issue for the first time', ISSUE_FIRST),
  {
    name: 'issue the file again',
    run: async (trial) => {
      const failures = await bulkIssue(trial.deps, BULK, {
        check: async () => {},
        deliver: async (token, { requestId }) => {
          const line = BULK.find((it) => it.requestId === requestId);
          trial.delivered(token, line && powerOf(trial, line));
        },
      });
      if (failures.length > 0) throw failures[0];
    },
  },
  rotateOne('live'),
  rotateOne('live', { scopes: ['plans:read'] }),
  rotateOne('live', { ttl: DAY }),
  rotateOne('live', { audience: ['https://said.example'] }),
  rotateOne('live', ALL_SAID),
  rotateOne('live', { ...ALL_SAID, clientNamed: true }),
  rotateOne('claimed'),
  rotateOne('claimed', { takeOver: true }),
  rotateOne('retiring'),
  rotateOne('revokedKey'),
  rotateOne('disabledKey'),
  rotateOne('rekeyed'),
  rotateOne('expired'),
  rotateOne('admin'),
  {
    name: 'rotate again what was cut short',
    run: (trial) => rotate(trial, trial.history.rotation),
  },
  {
    name: 'rotate the one token of a client',
    run: async (trial) => {
      const { client, jti } = await findRotatable(trial.deps, 'admins');
      return rotate(trial, { client, jti, clientNamed: true, grace: WEEK, takeOver: false });
    },
  },
  {
    name: 'rotate all',
    run: async (trial) => {
      const found = await Array.fromAsync(listRotatable(trial.deps, {}));
      let failure: unknown;
      for (const { client, jti } of found) {
        await rotate(trial, { client, jti, grace: WEEK, takeOver: true }).catch((error: unknown) => {
          if (!(error instanceof ApikeyError)) throw error;
          failure = error;
        });
      }
      if (failure !== undefined) throw failure;
    },
  },
  ...['CHG-77', 'CHG-78', 'ROT-1', 'bulk-2'].map((id): Command => ({
    name: `activate what ${id} made`,
    run: (trial) => activate(trial, id),
  })),
  { name: 'restore into an empty registry', run: restore },
];

/** With the last token that was delivered for the request before its destination failed. */
async function activate(trial: Trial, id: string): Promise<void> {
  const { deps, history, granted } = trial;
  const request = await deps.registry.getRequest(id);
  const token = history.delivered.get(request?.jti ?? '');
  if (request === undefined || token === undefined) return;
  const { record } = await activateToken(deps, { jti: request.jti, token });
  const claims = parseClaims(parseCompact(token).payloadBytes);
  if (!says(record, claims)) trial.excess('a record was activated that is not what its token says');
  if (!granted.has(claims.jti)) trial.excess('a token was activated that no command made');
}

function says(record: TokenRecord, claims: TokenClaims): boolean {
  const scope = record.scopes.join(' ');
  const told = [claims.sub, claims.client_id, claims.jti, claims.exp, claims.iat, claims.scope ?? '', ...claims.aud];
  const { client, jti, exp, iat, aud } = record;
  return JSON.stringify(told) === JSON.stringify([client, client, jti, exp, iat, scope, ...aud]);
}

/** What would live in a registry that is restored from this one must have been granted as it is. */
async function restore(trial: Trial): Promise<void> {
  const { deps, granted } = trial;
  const { registry, keys, environment, clock } = deps;
  const empty = memoryRegistry();
  const source = registrySource(registry);
  const plan = await planRestore(empty, source);
  const grants = { keys, environment, now: clock.now() };
  await restoreRegistry(empty, { eventsOf: (ref, fromSeq) => source.eventsOf(ref, fromSeq) }, plan, {
    grants,
  });
  const ring = await empty.readKeyRing();
  for await (const { id } of empty.clients()) {
    for await (const record of empty.tokensOfClient(id)) {
      const revoked = ring?.keys.find(({ kid }) => kid === record.kid)?.state === 'revoked';
      if (record.state === 'revoked' || revoked || endOfLife(record) * 1_000 <= clock.now()) continue;
      const grant = granted.get(record.jti);
      const power = {
        client: record.client,
        scopes: record.scopes,
        aud: record.aud,
        lifetime: record.exp - record.iat,
      };
      if (grant === undefined || !isWithin(power, grant)) trial.excess(`a token was restored that was not granted`);
    }
  }
}

export function isWithin(power: Power, limit: Power): boolean {
  return (
    power.client === limit.client &&
    power.scopes.every((scope) => limit.scopes.includes(scope)) &&
    power.aud.every((audience) => limit.aud.includes(audience)) &&
    power.lifetime <= limit.lifetime
  );
}
