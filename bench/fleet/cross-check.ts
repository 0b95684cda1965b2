/**
 * Shows that the instance of the model decides, reads and waits exactly as the whole authorizer does: both are given the
 * same requests, the same moments and the same luck. Throws where they differ.
 */
import { createAuthorizer, type DecisionReport } from '@apikey/authorizer';
import { encodeBase64url, sha256Hex, thumbprint } from '@apikey/shared';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { Chance } from './chance.ts';
import { Instance } from './instance.ts';
import { DECISION_MILLIS, INSTANCES, REQUESTS, RING_STALENESS, type Popularity } from './model.ts';
import { ModelRegistry, rankOf, START, tokenOf } from './registry.ts';
import { slowReader, VirtualClock, type ReadCounter } from './virtual-time.ts';

const NAME = 'https://api.example.test';

/** One request, and what became of it. */
interface Step {
  readonly allowed: boolean;
  readonly freeAt: number;
  readonly reads: number;
}

/** Runs `requests` of one instance both ways; gives the report of each decision of the whole authorizer. */
export async function crossCheck(
  popularity: Popularity,
  staleness: number,
  requests: number,
): Promise<DecisionReport[]> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = thumbprint(publicKey);
  const signed = new Map<string, { readonly token: string; readonly payloadSha256: string }>();
  const signedOf = (jti: string): { readonly token: string; readonly payloadSha256: string } => {
    const known = signed.get(jti) ?? signToken(jti, kid, privateKey);
    signed.set(jti, known);
    return known;
  };
  const registry = new ModelRegistry(kid, (jti) => signedOf(jti).payloadSha256);
  const trace = traceOf(popularity, requests);
  // Some of the busiest end half-way, so that denials are compared as well.
  for (let rank = 0; rank < 20; rank++) registry.revoke(rank, (trace.at(-1)?.moment ?? 0) / 2);

  const model = new Steps();
  const instance = new Instance({ registry, kid, staleness, chance: new Chance('cross-check'), counter: model });
  for (const { rank, moment } of trace) {
    const token = tokenOf(rank);
    const { payloadSha256 } = signedOf(token.question.jti);
    model.add(await instance.decide({ ...token, payloadSha256 }, moment), instance.freeAt);
  }

  const whole = new Steps();
  const clock = new VirtualClock();
  const reports: DecisionReport[] = [];
  const authorizer = createAuthorizer({
    issuer: NAME,
    audience: NAME,
    status: slowReader(registry, clock, new Chance('cross-check'), whole),
    keys: { publicKey: () => Promise.resolve(publicKey) },
    maxStaleness: { tokens: staleness, keys: RING_STALENESS },
    clock,
    onDecision: (report) => reports.push(report),
  });
  for (const { rank, moment } of trace) {
    clock.reach(Math.max(moment, whole.freeAt));
    const { allowed } = await authorizer.authorize({ token: signedOf(tokenOf(rank).question.jti).token });
    whole.add(allowed, clock.now + DECISION_MILLIS);
  }
  compare(model.steps, whole.steps, staleness);
  return reports;
}

class Steps implements ReadCounter {
  readonly steps: Step[] = [];
  freeAt = 0;
  #reads = 0;

  status(): void {
    this.#reads += 1;
  }

  ring(): void {
    this.#reads += 1;
  }

  add(allowed: boolean, freeAt: number): void {
    this.freeAt = freeAt;
    this.steps.push({ allowed, freeAt, reads: this.#reads });
  }
}

function compare(model: readonly Step[], whole: readonly Step[], staleness: number): void {
  const at = whole.findIndex((step, n) => JSON.stringify(step) !== JSON.stringify(model[n]));
  if (at === -1 && model.length === whole.length) return;
  const steps = `${JSON.stringify(model[at])} instead of ${JSON.stringify(whole[at])}`;
  throw new Error(`the model is not the authorizer: staleness ${staleness}, request ${at}: ${steps}`);
}

function traceOf(popularity: Popularity, requests: number): { readonly rank: number; readonly moment: number }[] {
  const chance = new Chance('cross-check trace');
  let moment = 0;
  return Array.from({ length: requests }, () => {
    moment += chance.exponential((1000 * INSTANCES) / REQUESTS);
    return { rank: popularity.draw(chance), moment };
  });
}

function signToken(
  jti: string,
  kid: string,
  privateKey: KeyObject,
): { readonly token: string; readonly payloadSha256: string } {
  const { life } = tokenOf(rankOf(jti));
  const claims = { ...life, iat: START, iss: NAME, aud: [NAME], jti, rnd: encodeBase64url(Buffer.alloc(16)) };
  const payload = JSON.stringify(claims);
  const header = JSON.stringify({ alg: 'ES256', kid, typ: 'at+jwt' });
  const input = `${encodeBase64url(header)}.${encodeBase64url(payload)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { token: `${input}.${encodeBase64url(signature)}`, payloadSha256: sha256Hex(payload) };
}
