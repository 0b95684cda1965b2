/** A small environment that tests script: real keys and tokens, a registry of plain maps, and clocks that obey. */
import {
  assemble,
  encodeBase64url,
  encodeHeader,
  encodePayload,
  NotFoundError,
  sha256Hex,
  signingInput,
  thumbprint,
  type Client,
  type KeyRing,
  type KeyState,
  type PublicKeySource,
  type RingKey,
  type SigningAlg,
  type StatusReader,
  type TokenClaims,
  type TokenRecord,
  type TokenStatus,
} from '@apikey/shared';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  createAuthorizer,
  type Authorizer,
  type AuthorizerClock,
  type AuthorizerOptions,
  type DecisionReport,
} from '../src/index.ts';

export const ISSUER = 'https://issuer.example.test';
export const AUDIENCE = 'https://api.example.test';
/** 2027-01-15T08:00:00Z */
export const START = 1_800_000_000;
const DAY = 86_400;
/** Says nothing to any check: a chain head that these tests do not look at. */
const HEAD = { version: 1, eventSeq: 1, eventHash: '0'.repeat(64) };

export interface TestClock extends AuthorizerClock {
  /** Both clocks go on. */
  advance(seconds: number): void;
  /** Only one of them does, or goes back. */
  moveWall(seconds: number): void;
  moveMonotonic(seconds: number): void;
}

function testClock(): TestClock {
  let wall = START * 1000;
  let monotonic = 5_000;
  return {
    wall: () => wall,
    monotonic: () => monotonic,
    advance(seconds) {
      wall += seconds * 1000;
      monotonic += seconds * 1000;
    },
    moveWall(seconds) {
      wall += seconds * 1000;
    },
    moveMonotonic(seconds) {
      monotonic += seconds * 1000;
    },
  };
}

export interface TestKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();

/** The `n`th key of an algorithm; the same one for the whole test file, since making RSA keys is slow. */
export function testKey(alg: SigningAlg = 'ES256', n = 0): TestKey {
  const name = `${alg} ${n}`;
  const pair = pairs.get(name) ?? generate(alg);
  pairs.set(name, pair);
  return { kid: thumbprint(pair.publicKey), alg, ...pair };
}

function generate(alg: SigningAlg): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Signs as the algorithm says, r||s for ECDSA. */
function signRaw(key: TestKey, input: Uint8Array): Buffer {
  if (key.alg === 'EdDSA') return sign(null, input, key.privateKey);
  return sign('sha256', input, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
}

/** A token of any header and payload, signed by `key`, or with the signature given. */
export function forge(header: unknown, payload: unknown, key: TestKey, signature?: Uint8Array): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const input = `${encodeBase64url(text(header))}.${encodeBase64url(text(payload))}`;
  return `${input}.${encodeBase64url(signature ?? signRaw(key, Buffer.from(input)))}`;
}

export interface Issued {
  readonly token: string;
  readonly jti: string;
  readonly claims: TokenClaims;
}

export interface IssueOptions {
  readonly client?: string;
  readonly claims?: Partial<TokenClaims>;
  readonly record?: Partial<TokenRecord>;
  readonly key?: TestKey;
  readonly scopes?: readonly string[];
}

/** How many calls there were, and what to do at the next ones. */
export interface Calls {
  status: number;
  ring: number;
  key: number;
}

export class World {
  readonly clock: TestClock = testClock();
  readonly key: TestKey = testKey();
  readonly records: Map<string, TokenRecord> = new Map();
  readonly clients: Map<string, Client> = new Map();
  ringKeys: RingKey[] | undefined;
  readonly publicKeys: Map<string, KeyObject> = new Map();
  readonly calls: Calls = { status: 0, ring: 0, key: 0 };
  readonly reports: DecisionReport[] = [];
  /** Stand before the sources; a test replaces them to fail, wait, or answer something else. */
  beforeStatus: (nth: number, signal: AbortSignal | undefined) => unknown = () => undefined;
  beforeRing: (nth: number, signal: AbortSignal | undefined) => unknown = () => undefined;
  beforeKey: (nth: number, signal: AbortSignal | undefined) => unknown = () => undefined;
  #issued = 0;

  constructor() {
    this.addKey(this.key);
    this.addClient('partner');
  }

  /** Reads the maps when the call is made, and answers when the hook before it has. */
  readonly status: StatusReader = {
    readStatus: async (jti, client, signal) => {
      this.calls.status += 1;
      const record = this.records.get(jti);
      const answer: TokenStatus = {
        record: record?.client === client ? record : undefined,
        client: this.clients.get(client),
      };
      const instead = await this.beforeStatus(this.calls.status, signal);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a registry may answer nonsense
      return instead === undefined ? answer : (instead as TokenStatus);
    },
    readKeyRing: async (signal) => {
      this.calls.ring += 1;
      const ring = this.ringKeys === undefined ? undefined : this.ring();
      const instead = await this.beforeRing(this.calls.ring, signal);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a registry may answer nonsense
      return instead === undefined ? ring : (instead as KeyRing);
    },
  };

  readonly keys: PublicKeySource = {
    publicKey: async (ref, signal) => {
      this.calls.key += 1;
      const instead = await this.beforeKey(this.calls.key, signal);
      const key = this.publicKeys.get(ref);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key source may answer nonsense
      if (instead !== undefined) return instead as KeyObject;
      if (key === undefined) throw new NotFoundError('KEY_NOT_FOUND', 'no such key');
      return key;
    },
  };

  ring(): KeyRing {
    return { name: 'main', keys: [...(this.ringKeys ?? [])], ...HEAD };
  }

  addKey(key: TestKey, state: KeyState = 'active', overrides: Partial<RingKey> = {}): void {
    const ref = `test:${key.kid}`;
    this.publicKeys.set(ref, key.publicKey);
    const entry = { kid: key.kid, alg: key.alg, ref, state, createdAt: START - DAY, ...overrides };
    this.ringKeys = [...(this.ringKeys ?? []).filter(({ kid }) => kid !== key.kid), entry];
  }

  setKeyState(key: TestKey, state: KeyState): void {
    this.ringKeys = this.ringKeys?.map((entry) => (entry.kid === key.kid ? { ...entry, state } : entry));
  }

  addClient(id: string, overrides: Partial<Client> = {}): void {
    this.clients.set(id, { id, state: 'active', epoch: 1, createdAt: START - DAY, ...HEAD, ...overrides });
  }

  updateRecord(jti: string, overrides: Partial<TokenRecord>): void {
    const record = this.records.get(jti);
    if (record === undefined) throw new Error('no such record');
    this.records.set(jti, { ...record, ...overrides });
  }

  revoke(jti: string): void {
    this.updateRecord(jti, { state: 'revoked', revokedAt: START });
  }

  /** A token and its record, active unless `record` says otherwise. */
  issue(options: IssueOptions = {}): Issued {
    const { client = 'partner', key = this.key, scopes = [] } = options;
    this.#issued += 1;
    const claims: TokenClaims = {
      iss: ISSUER,
      sub: client,
      aud: [AUDIENCE],
      client_id: client,
      jti: `00000000-0000-4000-8000-${this.#issued.toString(16).padStart(12, '0')}`,
      iat: START,
      exp: START + 90 * DAY,
      rnd: encodeBase64url(Buffer.alloc(16, this.#issued % 251)),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      ...options.claims,
    };
    const payload = encodePayload(claims);
    const input = signingInput(encodeHeader(key.alg, key.kid), payload);
    const token = assemble(input, signRaw(key, input));
    const { jti, iat, exp } = claims;
    this.records.set(jti, {
      jti,
      client,
      state: 'active',
      epoch: 1,
      kid: key.kid,
      iat,
      exp,
      liveUntil: exp,
      scopes: [...scopes],
      aud: claims.aud,
      payloadSha256: sha256Hex(payload),
      iss: claims.iss,
      issuedBy: 'tester@host',
      ...options.record,
    });
    return { token, jti, claims };
  }

  /** An authorizer over this world that reports to `reports`. */
  authorizer(options: Partial<AuthorizerOptions> = {}): Authorizer {
    return createAuthorizer({ ...this.options(), ...options });
  }

  options(): AuthorizerOptions {
    return {
      issuer: ISSUER,
      audience: AUDIENCE,
      status: this.status,
      keys: this.keys,
      clock: this.clock,
      onDecision: (report) => this.reports.push(report),
    };
  }
}

/** A promise and the means to settle it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Lets everything go on that waits for nothing but promises. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
