/** Runs the pipeline for one authorizer: each step in its order, cheapest first, with the caches between them. */
import { effectiveScopes, judge, sha256Key, type DenialReason, type RingKey } from '@apikey/shared';
import type { KeyObject } from 'node:crypto';
import { decisionDeadline } from './cache/attempts.ts';
import { BoundedMap } from './cache/bounded-map.ts';
import { PublicKeys } from './cache/public-keys.ts';
import { RingCache, type RingKeys } from './cache/ring-cache.ts';
import type { Asker } from './cache/shared-reads.ts';
import { StatusCache, type KnownStatus, type StatusQuestion } from './cache/status-cache.ts';
import { Timeline, type Moment } from './clock.ts';
import { deny, denyLive, type AuthorizeRequest, type Decision } from './decision.ts';
import { asFault, AuthorizerFault } from './fault.ts';
import type { Settings } from './options.ts';
import type { Refusal } from './refusal.ts';
import { report, type Course, type Outcome } from './report.ts';
import { addressRule, reuseRule } from './request-steps.ts';
import { routesAllow, type RouteTable } from './routes.ts';
import {
  algorithmRule,
  deadKeyReason,
  issuedRule,
  readToken,
  typeRule,
  verifyToken,
  type VerifiedToken,
} from './token-steps.ts';
import { UsageTracker, type UsedToken } from './usage-tracker.ts';

interface KnownToken extends VerifiedToken {
  readonly question: StatusQuestion & UsedToken;
}

/** How much is held at this moment, to show that none of it grows without end. */
export interface DeciderSizes {
  readonly tokens: number;
  readonly statuses: number;
  readonly dead: number;
  readonly statusReads: number;
  readonly publicKeys: number;
  readonly usedTokens: number;
  readonly usageWrites: number;
}

export class Decider {
  readonly #settings: Settings;
  readonly #timeline: Timeline;
  readonly #tokens: BoundedMap<KnownToken>;
  readonly #status: StatusCache;
  readonly #ring: RingCache;
  readonly #keys: PublicKeys;
  readonly #usage: UsageTracker;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#timeline = new Timeline(settings.clock);
    this.#tokens = new BoundedMap(settings.tokenCacheLimit);
    const { status: reader, staleIfError, statusCacheLimit: limit } = settings;
    const limits = { maxAge: settings.tokensMaxAge, staleIfError };
    this.#status = new StatusCache({ reader, limits, limit }, this.#timeline);
    this.#ring = new RingCache(reader, { maxAge: settings.ringMaxAge, staleIfError }, this.#timeline);
    this.#keys = new PublicKeys(settings.keys, this.#timeline);
    this.#usage = new UsageTracker(settings.usage, this.#timeline);
  }

  get sizes(): DeciderSizes {
    return { tokens: this.#tokens.size, ...this.#status.sizes, publicKeys: this.#keys.size, ...this.#usage.sizes };
  }

  /** Decides, or rejects with an `AuthorizerFault`. Waits for nothing where all that it needs is at hand. */
  async authorize(request: AuthorizeRequest): Promise<Decision> {
    const course: Course = { request, arrived: this.#timeline.now(), cache: { token: 'none', status: 'none' } };
    try {
      const decided = this.#decide(course);
      const decision = decided instanceof Promise ? await decided : decided;
      // Not beside the read of the status: that would record the use of a token which proves to be revoked.
      const recorded = decision.allowed && course.token !== undefined ? this.#usage.record(course.token) : undefined;
      if (recorded !== undefined) course.usage = await recorded;
      this.#report(course, decision);
      return decision;
    } catch (error) {
      // What no step expected is no decision either: it must not pass for a denial, still less for anything else.
      const fault = asFault('INTERNAL', error);
      this.#report(course, { allowed: false, fault: fault.code });
      throw fault;
    }
  }

  /** Reports what a face refused without a decision. */
  refuse(refusal: Refusal): void {
    const request = { token: undefined };
    const course: Course = { request, arrived: this.#timeline.now(), cache: { token: 'none', status: 'none' } };
    this.#report(course, { allowed: false, refusal });
  }

  /** Steps 1 and 2. Goes on at once for a token whose signature, ring and status are at hand. */
  #decide(course: Course): Decision | Promise<Decision> {
    const { token } = course.request;
    if (token === undefined || token === '') return deny('missing_token');
    if (typeof token !== 'string' || token.length > this.#settings.maxTokenLength) return deny('malformed');
    const digest = this.#settings.tokenCacheLimit === 0 ? undefined : sha256Key(token);
    const known = digest === undefined ? undefined : this.#tokens.get(digest);
    course.cache.token = known === undefined ? 'miss' : 'hit';
    if (known !== undefined) return this.#decideKnown(course, known, course.arrived);
    return this.#decideFirst(course, token, digest);
  }

  /** @param digest absent where nothing is kept of tokens */
  async #decideFirst(course: Course, token: string, digest: string | undefined): Promise<Decision> {
    const asker: Asker = { arrived: course.arrived, deadline: decisionDeadline() };
    const known = await this.#verify(course, token, digest, asker);
    if (typeof known === 'string') return deny(known);
    const decided = this.#decideKnown(course, known, this.#timeline.now(), asker);
    return decided instanceof Promise ? await decided : decided;
  }

  /** Steps 3 to 6. */
  async #verify(
    course: Course,
    token: string,
    digest: string | undefined,
    asker: Asker,
  ): Promise<KnownToken | DenialReason> {
    const read = readToken(token, this.#settings.maxTokenLength);
    if (read === 'malformed') return read;
    const wrongType = typeRule(read);
    if (wrongType !== undefined) return wrongType;
    const { kid } = read.jws.header;
    if (kid === undefined) return 'key_unknown';
    const key = this.#ring.known(kid) ?? (await this.#seekKey(kid, asker));
    if (key === undefined) return 'key_unknown';
    course.kid = key.kid;
    const wrongAlgorithm = algorithmRule(read, key);
    if (wrongAlgorithm !== undefined) return wrongAlgorithm;
    const publicKey = this.#keys.get(kid) ?? (await this.#fetchKey(key, asker));
    if (typeof publicKey === 'string') return publicKey;
    // Others may have brought the same token, and waited for the same key.
    const known = digest === undefined ? undefined : this.#tokens.get(digest);
    if (known !== undefined) return known;
    const verified = verifyToken(read, key, publicKey, this.#settings);
    if (typeof verified === 'string') return verified;
    const { jti, sub, exp } = verified.claims;
    const fresh: KnownToken = { ...verified, question: { jti, client: sub, exp, key: `${jti} ${sub}` } };
    if (digest !== undefined) this.#tokens.set(digest, fresh);
    return fresh;
  }

  /** Steps 7 and 8: at once, unless the ring or the registry has to be asked. */
  #decideKnown(course: Course, token: KnownToken, now: Moment, asker?: Asker): Decision | Promise<Decision> {
    course.kid = token.kid;
    course.token = token.question;
    const early = issuedRule(token.claims, now.wall / 1000, this.#settings.clockTolerance);
    if (early !== undefined) return deny(early);
    const dead = this.#denyDead(course, token, now);
    if (dead !== undefined) return dead;
    const ring = this.#ring.fresh(course.arrived, now);
    const status = this.#status.fresh(token.question, course.arrived, now);
    course.cache.status = status === undefined ? 'miss' : 'hit';
    if (ring !== undefined && status !== undefined) return this.#judge(course, token, ring, status, now);
    return this.#decideFromReads(course, token, { ring, status }, asker);
  }

  async #decideFromReads(
    course: Course,
    token: KnownToken,
    atHand: { readonly ring: RingKeys | undefined; readonly status: KnownStatus | undefined },
    asker: Asker = { arrived: course.arrived, deadline: decisionDeadline() },
  ): Promise<Decision> {
    const [ring, status] = await both(
      atHand.ring ?? this.#readRing(course, asker),
      atHand.status ?? this.#readStatus(course, token.question, asker),
    );
    const now = this.#timeline.now();
    // A younger read may have found the token dead while this one was under way.
    return this.#denyDead(course, token, now) ?? this.#judge(course, token, ring, status, now);
  }

  #denyDead(course: Course, token: KnownToken, now: Moment): Decision | undefined {
    const reason = this.#status.deadReason(token.question, this.#hasExpired(token, now));
    if (reason === undefined) return undefined;
    course.cache.status = 'dead';
    return deny(reason);
  }

  /** Steps 7 and 8. `now` is read after everything else: an answer that took a second makes the token a second older. */
  #judge(course: Course, token: KnownToken, ring: RingKeys, status: KnownStatus, now: Moment): Decision {
    const { clockTolerance, gatewayResultTtl } = this.#settings;
    const { claims, life, payloadSha256 } = token;
    const { record, client, problem } = status.value;
    if (problem !== undefined) course.problem = problem;
    const key = ring.get(token.kid);
    if (key === undefined) return deny('key_unknown');
    if (key.alg !== token.alg) return deny('bad_signature');
    const seconds = now.wall / 1000;
    const reason = judge({ claims: life, payloadSha256, record, client, key, now: seconds, clockTolerance });
    if (reason !== undefined) {
      this.#status.rememberDead(token.question, reason, this.#hasExpired(token, now));
      return deny(reason);
    }
    // What `judge` accepts has both; this says so to the compiler, and denies should that ever change.
    if (record === undefined || client === undefined) return deny('unknown_token');
    status.seenLive = true;
    const { exp, jti } = claims;
    const { liveUntil } = record;
    const tooLate = reuseRule({ exp, liveUntil }, seconds, gatewayResultTtl);
    if (tooLate !== undefined) return deny(tooLate);
    // Those that were signed: who can write a record must not be able to widen what its token may do.
    const scopes = effectiveScopes(token.scopes, client);
    const live = { client: client.id, jti, scopes, kid: token.kid, expiresAt: Math.min(exp, liveUntil) };
    const limit = addressRule(client, course.request.sourceAddress);
    if (limit !== undefined) return denyLive(limit, live);
    if (!this.#routesOpen(course.request, scopes)) return denyLive('insufficient_scope', live);
    return { allowed: true, ...live };
  }

  #routesOpen(request: AuthorizeRequest, scopes: readonly string[]): boolean {
    const { method, path, permits } = request;
    const open = (table: RouteTable | undefined): boolean =>
      table === undefined || routesAllow(table, method, path, scopes);
    return open(this.#settings.routes) && open(request.routes) && (permits === undefined || permits(scopes));
  }

  #hasExpired({ claims }: KnownToken, now: Moment): boolean {
    return !(now.wall / 1000 < claims.exp + this.#settings.clockTolerance);
  }

  async #seekKey(kid: string, asker: Asker): Promise<RingKey | undefined> {
    try {
      return await this.#ring.seek(kid, asker);
    } catch (error) {
      throw asFault('REGISTRY_UNAVAILABLE', error);
    }
  }

  async #fetchKey(key: RingKey, asker: Asker): Promise<KeyObject | DenialReason> {
    try {
      return await this.#keys.fetch(key, asker);
    } catch (error) {
      const dead = deadKeyReason(key);
      if (dead !== undefined) return dead;
      throw asFault('KEYS_UNAVAILABLE', error);
    }
  }

  async #readRing(course: Course, asker: Asker): Promise<RingKeys> {
    try {
      return await this.#ring.read(asker);
    } catch (error) {
      const lastGood = this.#orFault(error, this.#ring.lastGood(this.#timeline.now()));
      course.cache.ring = 'stale';
      return lastGood;
    }
  }

  async #readStatus(course: Course, question: StatusQuestion, asker: Asker): Promise<KnownStatus> {
    try {
      return await this.#status.read(question, asker);
    } catch (error) {
      const lastLive = this.#orFault(error, this.#status.lastLive(question, this.#timeline.now()));
      course.cache.status = 'stale';
      return lastLive;
    }
  }

  /** What stands in for a read that failed. Throws where nothing does: a registry that answers nonsense is in reach. */
  #orFault<T>(error: unknown, standIn: T | undefined): T {
    if (standIn === undefined || error instanceof AuthorizerFault) throw asFault('REGISTRY_UNAVAILABLE', error);
    return standIn;
  }

  #report(course: Course, outcome: Outcome): void {
    const { onDecision, clock } = this.#settings;
    const own = course.request.onDecision;
    if (onDecision !== undefined) report(onDecision, course, outcome, clock.monotonic());
    if (own !== undefined) report(own, course, outcome, clock.monotonic());
  }
}

/** Both values, or the first one's error, once neither is still under way: nothing of a decision outlives it. */
async function both<A, B>(a: A | Promise<A>, b: B | Promise<B>): Promise<[A, B]> {
  if (!(a instanceof Promise)) return [a, await b];
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
