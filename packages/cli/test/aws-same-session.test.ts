/** One session on both backends: the same steps, the same exit codes, the same words. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import type { Result } from './session.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];

/** Runs the steps one after the other; `known` holds what earlier ones made. */
class Walk {
  readonly session: AwsSession;
  readonly #known = new Map<string, string>();
  token = '';
  jti = '';

  constructor(session: AwsSession) {
    this.session = session;
  }

  async step(argv: readonly string[], stdin = ''): Promise<Result> {
    // Lists are sorted by time of issue.
    if (argv[0] === 'rotate') this.session.now += 1_000;
    const result = await this.session.run([...argv, ...PROD], { stdin });
    return { code: result.code, stdout: this.#anonymous(result.stdout), stderr: this.#anonymous(result.stderr) };
  }

  async issue(...flags: readonly string[]): Promise<Result> {
    this.session.now += 1_000;
    const result = await this.session.run(['issue', '--client', 'partner', '--json', ...flags, ...PROD]);
    const { token, jti }: { token: string; jti: string } = JSON.parse(result.stdout);
    Object.assign(this, { token, jti });
    return { code: result.code, stdout: this.#anonymous(result.stdout), stderr: this.#anonymous(result.stderr) };
  }

  /** What has to differ: ids by chance, actors and places by backend. */
  #anonymous(text: string): string {
    return text
      .replaceAll(this.session.home, '~')
      .replaceAll(/arn:aws[\w-]*:(?:sts|iam)::[^\s",;]+|[\w.?-]+@[\w.?-]+/g, 'ACTOR')
      .replaceAll(' (embedded: both locks lie in one place)', '')
      .replaceAll(/"ref":"[^"]*"/g, '"ref":REF')
      .replaceAll(/,"kmsRequestId":(?:"[^"]*"|null)/g, '')
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, (token) => this.#name('TOKEN', token))
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (jti) => this.#name('JTI', jti))
      .replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => this.#name('HASH', hash))
      .replaceAll(/(?<![\w-])[\w-]{43}(?![\w-])/g, (kid) => this.#name('KID', kid));
  }

  #name(kind: string, value: string): string {
    const count = [...this.#known.values()].filter((name) => name.startsWith(kind)).length;
    const name = this.#known.get(value) ?? `${kind}-${count + 1}`;
    this.#known.set(value, name);
    return name;
  }
}

describeOnAws(aws, 'a session on DynamoDB and KMS', () => {
  let embedded: Walk;
  let cloud: Walk;

  beforeAll(() => {
    cloud = new Walk(new AwsSession());
    embedded = new Walk(new AwsSession());
    embedded.session.now = cloud.session.now;
    const directory = join(embedded.session.home, 'embedded');
    embedded.session.configure(`sqlite:${directory}`, `file:${directory}`);
    stubTestAws(aws, cloud.session);
  });
  afterAll(() => {
    cloud.session[Symbol.dispose]();
    embedded.session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  /** What both say; the test itself asserts what that is. */
  const both = async (act: (walk: Walk) => Promise<Result>): Promise<Result> => {
    const [expected, actual] = [await act(embedded), await act(cloud)];
    expect(actual).toEqual(expected);
    return actual;
  };

  it('behaves exactly as one on the embedded backend', async () => {
    for (const walk of [embedded, cloud]) {
      const { code } = await walk.session.run(['init', '--yes', ...PROD]);
      expect(code).toBe(0);
    }
    expect((await both((walk) => walk.step(['list']))).code).toBe(0);
    expect(
      (await both((walk) => walk.step(['issue', '--client', 'partner', '--scope', 'plans:read', '--dry-run']))).code,
    ).toBe(0);
    expect((await both((walk) => walk.issue('--scope', 'plans:read', '--note', 'for the portal'))).code).toBe(0);
    expect((await both((walk) => walk.step(['verify'], walk.token))).code).toBe(0);
    expect((await both((walk) => walk.step(['verify', '--json'], walk.token))).stdout).toContain('"live":true');
    expect((await both((walk) => walk.step(['list', '--client', 'partner']))).stdout).toContain('active');
    expect((await both((walk) => walk.step(['list', '--json']))).stdout).toContain('for the portal');
    expect((await both((walk) => walk.step(['show', walk.jti]))).stdout).toContain('token.activated');
    expect(
      (await both((walk) => walk.step(['show', walk.jti.slice(0, 8), '--client', 'partner', '--json']))).code,
    ).toBe(0);
    expect((await both((walk) => walk.step(['activate', walk.jti], walk.token))).stderr).toContain(
      'was active already',
    );
    expect((await both((walk) => walk.step(['clients', 'set', 'partner', '--cidr', '203.0.113.0/24']))).code).toBe(0);
    expect((await both((walk) => walk.step(['verify', '--from', '198.51.100.1'], walk.token))).code).toBe(10);
    expect((await both((walk) => walk.step(['clients', 'show', 'partner']))).stdout).toContain('203.0.113.0/24');
    expect((await both((walk) => walk.step(['clients', 'list', '--json']))).code).toBe(0);
    expect((await both((walk) => walk.step(['revoke', walk.jti]))).code).toBe(2);
    expect((await both((walk) => walk.step(['revoke', walk.jti, '--dry-run']))).code).toBe(0);
    expect((await both((walk) => walk.step(['revoke', walk.jti, '--yes', '--reason', 'left']))).stderr).toContain(
      'Revoked',
    );
    expect((await both((walk) => walk.step(['revoke', walk.jti, '--yes', '--json']))).stdout).toContain(
      '"alreadyRevoked":true',
    );
    expect((await both((walk) => walk.step(['verify'], walk.token))).stdout).toContain('it was revoked');
    expect((await both((walk) => walk.step(['list']))).stderr).toContain('no tokens in environment prod');
    expect((await both((walk) => walk.step(['list', '--all']))).stdout).toContain('revoked');
  });

  it('rotates tokens and keys as the embedded one does', async () => {
    await both((walk) => walk.issue('--ttl', '30d'));
    const rotated = await both((walk) => walk.step(['rotate', walk.jti, '--grace', '1h', '--json']));
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('"graceUntil"') });
    expect((await both((walk) => walk.step(['show', walk.jti, '--json']))).stdout).toContain('"replacedBy":"JTI-');
    const created = await both((walk) => walk.step(['keys', 'create', '--json']));
    expect(created.stdout).toContain('"state":"pending"');
    expect((await both((walk) => walk.step(['keys', 'list']))).stdout).toContain('pending');
    // Another algorithm than the active key's, so that nothing is signed with it here.
    expect((await both((walk) => walk.step(['issue', '--client', 'partner', '--alg', 'EdDSA']))).code).toBe(5);
    expect((await both((walk) => walk.step(['clients', 'suspend', 'partner', '--yes']))).code).toBe(0);
    expect((await both((walk) => walk.step(['issue', '--client', 'partner']))).code).toBe(5);
    expect((await both((walk) => walk.step(['clients', 'resume', 'partner']))).code).toBe(0);
    expect((await both((walk) => walk.step(['revoke', '--client', 'partner', '--all', '--yes']))).code).toBe(0);
    expect((await both((walk) => walk.step(['list', '--client', 'partner', '--all']))).code).toBe(0);
  });

  it('refuses the same things in the same words', async () => {
    const unknown = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
    for (const argv of [
      ['show', unknown],
      ['revoke', unknown, '--yes'],
      ['clients', 'show', 'nobody'],
      ['issue', '--client', 'partner', '--ttl', '400d'],
      ['issue', '--client', 'Partner'],
      ['activate', unknown],
    ]) {
      expect((await both((walk) => walk.step(argv, 'no token'))).code).toBeGreaterThan(1);
    }
  });

  it('finds nothing wrong in the end', async () => {
    for (const { session } of [embedded, cloud]) {
      const { stdout, code } = await session.run(['doctor', '--json', ...PROD]);
      const { checks }: { checks: { ok: boolean | null }[] } = JSON.parse(stdout);
      expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
      expect(code).toBe(0);
    }
  });
});
