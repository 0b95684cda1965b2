/** The two attacks of someone who can write the registry and cannot sign, against the real program. */
import { decodeBase64url, sha256Hex, hashEvent, identifyIssue, type AuditEvent } from '@apikey/shared';
import { expect, it } from 'vitest';
import { text, type Doc, type RawRegistry, type Stored } from '../../shared/test/forgery/raw-registry.ts';
import { errorOf, type Result, type Session } from './session.ts';

export interface AttackedEnvironment {
  readonly session: Session;
  /** Names the environment on every command line. */
  readonly flags: readonly string[];
  readonly raw: () => RawRegistry;
}

const DAY = 86_400;
const EVIL = 'evil:all';
const UNPROVEN = 'GRANT_NOT_VERIFIED';
const REQUEST = ['--client', 'partner', '--scope', 'plans:read', '--ttl', '30d', '--request-id', 'CHG-77'];

function claimsOf(token: string): Doc {
  const payload = decodeBase64url(token.trim().split('.')[1] ?? '');
  return JSON.parse(Buffer.from(payload ?? []).toString()) as Doc;
}

/** What the commands sign is shown, so that a refusal is seen to sign nothing. */
export function describeAttacks(environment: () => AttackedEnvironment): void {
  const run = (argv: readonly string[], stdin = ''): Promise<Result> => {
    const { session, flags } = environment();
    return session.run([...argv, ...flags], { stdin });
  };
  const tamper = async (edit: (stored: Stored) => void): Promise<Stored> => {
    const raw = environment().raw();
    const stored = await raw.read();
    edit(stored);
    await raw.write(stored);
    const after = await raw.read();
    raw.close();
    return after;
  };
  /** The code of the refusal. */
  const refused = async (argv: readonly string[], before: Stored): Promise<string> => {
    const json = await run([...argv, '--json']);
    const plain = await run(argv);
    for (const result of [json, plain]) {
      expect(result).toMatchObject({ code: 5, stdout: '' });
      // Nobody is to copy what was planted onto a command line.
      expect(result.stderr).not.toMatch(/evil|admin:all/);
    }
    // Nothing was recorded, so that nothing was signed: a grant comes with its commit.
    expect(await tamper(() => {})).toEqual(before);
    return errorOf(json).code;
  };
  const issue = async (...argv: readonly string[]): Promise<{ token: string; jti: string }> => {
    const { session, flags } = environment();
    return session.issue(...argv, ...flags);
  };

  it.each([
    ['300 days', 300],
    ['3,650 days', 3_650],
  ])('signs no pending record that was planted for %s, whatever its request says', async (_, days) => {
    await issue('--client', 'admins', '--scope', 'admin:all');
    const before = await tamper((stored) => plantPending(stored, environment().session.now, days * DAY));
    expect(await refused(['issue', ...REQUEST], before)).toBe(UNPROVEN);
    // Another id: the request itself is served, for what it asked.
    const { stdout } = await run(['issue', ...REQUEST.slice(0, -1), 'CHG-78']);
    expect(claimsOf(stdout)).toMatchObject({ sub: 'partner', scope: 'plans:read' });
  });

  it('signs it no more once it has an event that is sound in itself, and an honest signature on top', async () => {
    await issue('--client', 'admins', '--scope', 'admin:all');
    await tamper((stored) => {
      const record = plantPending(stored, environment().session.now, 300 * DAY, 'partner-2');
      appendPrepared(stored, record, environment().session.now);
    });
    await issue('--client', 'partner-2', '--scope', 'plans:read');
    expect(await refused(['issue', ...REQUEST.toSpliced(1, 1, 'partner-2')], await tamper(() => {}))).toBe(UNPROVEN);
  });

  it('rotates a token whose record was widened with what its grant gave', async () => {
    const { jti } = await issue('--client', 'partner', '--scope', 'plans:read', '--ttl', '30d');
    await tamper(({ token }) => {
      const now = Math.floor(environment().session.now / 1_000);
      Object.assign(token.find((candidate) => candidate['jti'] === jti) ?? {}, {
        scopes: ['plans:read', EVIL],
        aud: ['https://evil.example'],
        exp: now + 300 * DAY,
        liveUntil: now + 300 * DAY,
      });
    });
    const { code, stdout, stderr } = await run(['rotate', jti]);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/evil|lacks/);
    const { sub, scope, aud, iat, exp } = claimsOf(stdout);
    expect({ sub, scope, lives: Number(exp) - Number(iat) }).toEqual({
      sub: 'partner',
      scope: 'plans:read',
      lives: 30 * DAY,
    });
    expect(aud).not.toContain('evil');
  });

  it('rotates no token whose event was widened with its record, but as the command says', async () => {
    const { jti } = await issue('--client', 'partner', '--scope', 'plans:read', '--ttl', '30d');
    const before = await tamper((stored) => {
      const record = stored.token.find((candidate) => candidate['jti'] === jti) ?? {};
      record['scopes'] = [EVIL];
      widen(stored, text(record['client']), Number(record['grantSeq']));
    });
    expect(await refused(['rotate', jti], before)).toBe(UNPROVEN);
    expect(await refused(['rotate', jti, '--client', 'partner', '--scope', 'plans:read', '--ttl', '1d'], before)).toBe(
      UNPROVEN,
    );
    const said = ['--scope', 'plans:list', '--audience', 'https://plans.example', '--ttl', '1d'];
    const { stdout } = await run(['rotate', jti, '--client', 'partner', ...said]);
    expect(claimsOf(stdout)).toMatchObject({ sub: 'partner', scope: 'plans:list', aud: 'https://plans.example' });
  });

  it('rotates no record that was moved to another client, unless the command names the client', async () => {
    await issue('--client', 'admins', '--scope', 'admin:all');
    const { jti } = await issue('--client', 'partner', '--scope', 'plans:read');
    const before = await tamper(({ token }) => {
      Object.assign(token.find((candidate) => candidate['jti'] === jti) ?? {}, { client: 'admins' });
    });
    const said = ['--scope', 'plans:list', '--audience', 'https://plans.example', '--ttl', '1d'];
    expect(await refused(['rotate', jti], before)).toBe(UNPROVEN);
    expect(await refused(['rotate', jti, ...said], before)).toBe(UNPROVEN);
  });

  it('activates no record that says more than its token', async () => {
    const { jti } = await issue('--client', 'partner', '--scope', 'plans:read', '--request-id', 'CHG-80');
    const { token } = await issue('--client', 'partner', '--scope', 'plans:read', '--request-id', 'CHG-81');
    await tamper((stored) => {
      const record = stored.token.find((candidate) => candidate['jti'] === claimsOf(token)['jti']) ?? {};
      Object.assign(record, { state: 'pending', scopes: [EVIL] });
    });
    const result = await run(['activate', text(claimsOf(token)['jti']), '--json'], token);
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(errorOf(result).code).toBe('GRANT_NOT_VERIFIED');
    expect(result.stderr).not.toContain('evil');
    expect(await run(['activate', jti, '--json'], token)).toMatchObject({ code: 2, stdout: '' });
  });
}

/** A pending record of `admins`, and a request that the next run of `CHG-77` takes for its own. */
function plantPending(stored: Stored, nowMillis: number, lifetime: number, client = 'partner'): Doc {
  const now = Math.floor(nowMillis / 1_000);
  const admins = client === 'partner' ? 'admins' : client;
  const template = stored.token[0] ?? {};
  const jti = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
  const exp = now + lifetime;
  const record: Doc = {
    ...template,
    jti,
    client: admins,
    state: 'pending',
    epoch: 1,
    iat: now,
    exp,
    liveUntil: exp,
    scopes: [EVIL],
    requestId: 'CHG-77',
  };
  stored.token.push(record);
  const request = { client, scopes: ['plans:read'], audience: [], ttl: 30 * DAY };
  const parameterHash = identifyIssue({ ...request, requestId: 'CHG-77' })?.parameterHash ?? '';
  stored.request = stored.request.filter(({ id }) => id !== 'CHG-77');
  stored.request.push({ id: 'CHG-77', parameterHash, jti, client: admins, createdAt: now, exp });
  return record;
}

/** A chain for a client that does not exist yet, all of it sound. */
function appendPrepared(stored: Stored, record: Doc, nowMillis: number): void {
  const client: Doc = { id: record['client'] ?? '', state: 'active', epoch: 1, createdAt: record['iat'] ?? 0 };
  record['grantSeq'] = 2;
  const parameterHash = stored.request.find(({ id }) => id === 'CHG-77')?.['parameterHash'] ?? '';
  const drafts = [
    { action: 'client.registered', subject: client['id'], detail: detail('client', client) },
    { action: 'token.prepared', subject: record['jti'], detail: { ...detail('token', record), parameterHash } },
  ];
  let prev = '0'.repeat(64);
  const events = drafts.map((draft, index) => {
    const at = new Date(nowMillis).toISOString();
    const event = {
      seq: index + 1,
      at,
      actor: 'admin@host',
      ...draft,
      aggregate: `client:${text(client['id'])}`,
      prev,
    };
    const hash = hashEvent(event as unknown as AuditEvent, sha256Hex);
    prev = hash;
    return { ...event, hash } as Doc;
  });
  stored.event.push(...events);
  stored.client.push({ ...client, version: 1, eventSeq: 2, eventHash: prev });
}

function detail(entity: string, after: Doc): Doc {
  return { entity, before: Object.fromEntries(Object.keys(after).map((name) => [name, null])), after: { ...after } };
}

/** The event says the same as the record, and the chain above it is hashed anew. */
function widen(stored: Stored, client: string, seq: number): void {
  const aggregate = `client:${client}`;
  const chain = stored.event.filter((event) => event['aggregate'] === aggregate);
  let prev: Doc[string] = '0'.repeat(64);
  for (const event of chain.toSorted((a, b) => Number(a['seq']) - Number(b['seq']))) {
    if (event['seq'] === seq) {
      const { after } = event['detail'] as { after: Doc };
      after['scopes'] = [EVIL];
    }
    event['prev'] = prev;
    event['hash'] = hashEvent(event as unknown as AuditEvent, sha256Hex);
    prev = event['hash'];
  }
  const head = stored.client.find(({ id }) => id === client);
  if (head !== undefined) head['eventHash'] = prev;
}
