/** Bad input to rotations, clients, keys and revocations, one row each: exit code, stable code, and nothing on stdout. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

const UNKNOWN_JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
const UNKNOWN_KID = 'k'.repeat(43);

/** What the rows name: ids that only the session knows. */
interface Known {
  readonly live: string;
  readonly revoked: string;
  readonly pending: string;
  readonly expired: string;
  readonly replaced: string;
  readonly suspended: string;
  readonly ended: string;
  readonly activeKid: string;
  readonly pendingKid: string;
  readonly retiringKid: string;
}

interface Case {
  readonly title: string;
  readonly argv: (known: Known) => readonly string[];
  readonly exit: number;
  readonly code: string;
  readonly stdin?: string;
}

const rejected = (
  exit: number,
  code: string,
  rows: readonly (readonly [title: string, argv: Case['argv'], stdin?: string])[],
): Case[] =>
  rows.map(([title, argv, stdin]) => ({ title, argv, exit, code, ...(stdin === undefined ? {} : { stdin }) }));

const ROTATE: readonly Case[] = [
  ...rejected(2, 'USAGE', [
    ['rotate without a token', () => ['rotate']],
    ['--grace 0 on a pipe', ({ live }) => ['rotate', live, '--grace', '0']],
    ['--grace 0 on a pipe, confirmed', ({ live }) => ['rotate', live, '--grace', '0', '--yes']],
    ['--ttl with --expires', ({ live }) => ['rotate', live, '--ttl', '1d', '--expires', '2027-01-01']],
    ['--force without -o', ({ live }) => ['rotate', live, '--force']],
    ['-o without a name', ({ live }) => ['rotate', live, '-o', '']],
    ['--all with a jti', ({ live }) => ['rotate', live, '--all', '--out-dir', '.']],
    ['--all with one output file', () => ['rotate', '--all', '-o', 'x']],
    ['--all with a request id', () => ['rotate', '--all', '--out-dir', '.', '--request-id', 'x']],
    ['--all with scopes', () => ['rotate', '--all', '--out-dir', '.', '--scope', 'a']],
    ['--all --grace 0 on a pipe', () => ['rotate', '--all', '--grace', '0']],
    ['--expiring-within without --all', ({ live }) => ['rotate', live, '--expiring-within', '14d']],
    ['--out-dir without --all', ({ live }) => ['rotate', live, '--out-dir', '.']],
  ]),
  ...rejected(
    2,
    'INVALID_DURATION',
    ['00', '0d', '7', '-1d', '1M', ''].map((grace) => [
      `--grace ${grace || '(empty)'}`,
      ({ live }) => ['rotate', live, '--grace', grace],
    ]),
  ),
  ...rejected(2, 'INVALID_DURATION', [['--expiring-within 14', () => ['rotate', '--all', '--expiring-within', '14']]]),
  ...rejected(2, 'INVALID_JTI', [
    ['an id that is none', () => ['rotate', 'abc']],
    ['a prefix of 5 without a client', ({ live }) => ['rotate', live.slice(0, 5)]],
    ['a prefix of 5', ({ live }) => ['rotate', live.slice(0, 5), '--client', 'partner']],
  ]),
  ...rejected(2, 'CONFIRMATION_REQUIRED', [
    ['--grace 0 without a terminal', ({ live }) => ['rotate', live, '--grace', '0', '-o', 'x']],
    ['--all without a terminal', () => ['rotate', '--all']],
  ]),
  ...rejected(2, 'INVALID_SCOPE', [['a scope with a quote', ({ live }) => ['rotate', live, '--scope', 'a"b']]]),
  ...rejected(2, 'INVALID_TIME', [['an end in the past', ({ live }) => ['rotate', live, '--expires', '2020-01-01']]]),
  ...rejected(3, 'TOKEN_NOT_FOUND', [
    ['an unknown token', () => ['rotate', UNKNOWN_JTI]],
    ["another client's token", ({ live }) => ['rotate', live, '--client', 'short']],
  ]),
  ...rejected(3, 'CLIENT_NOT_FOUND', [
    ['an unknown client', () => ['rotate', '--client', 'nobody']],
    ['an unknown client with --all', () => ['rotate', '--all', '--client', 'nobody']],
  ]),
  ...rejected(3, 'FILE_NOT_FOUND', [
    ['a file in a missing directory', ({ live }) => ['rotate', live, '-o', 'no/where']],
    ['a directory in a missing one', () => ['rotate', '--all', '--out-dir', 'no/where', '--yes']],
  ]),
  ...rejected(2, 'INVALID_INPUT', [['a file as --out-dir', () => ['rotate', '--all', '--out-dir', 'taken', '--yes']]]),
  ...rejected(5, 'FILE_EXISTS', [['a file that exists', ({ live }) => ['rotate', live, '-o', 'taken']]]),
  ...rejected(5, 'OVER_CAP', [
    ["--ttl over the client's cap", ({ live }) => ['rotate', live, '--ttl', '61d']],
    ['--ttl over every cap', ({ expired }) => ['rotate', expired, '--ttl', '99999d']],
  ]),
  ...rejected(5, 'SCOPE_NOT_ALLOWED', [
    ['a scope that it may not have', ({ live }) => ['rotate', live, '--scope', 'b']],
  ]),
  ...rejected(5, 'AMBIGUOUS', [
    ['a client with several tokens', () => ['rotate', '--client', 'several']],
    ['a client without a live one', () => ['rotate', '--client', 'short']],
  ]),
  ...rejected(5, 'CLIENT_SUSPENDED', [['a suspended client', () => ['rotate', '--client', 'stopped']]]),
  ...rejected(5, 'WRONG_STATE', [
    ['a revoked token', ({ revoked }) => ['rotate', revoked]],
    ['a pending token', ({ pending }) => ['rotate', pending]],
    ['an expired token', ({ expired }) => ['rotate', expired]],
    ['a token that was replaced', ({ replaced }) => ['rotate', replaced]],
    ['a replaced one, to take over', ({ replaced }) => ['rotate', replaced, '--take-over']],
    ["a suspended client's token", ({ suspended }) => ['rotate', suspended]],
    ["a revoked client's token", ({ ended }) => ['rotate', ended]],
    ['an algorithm that the active key does not sign', ({ live }) => ['rotate', live, '--alg', 'EdDSA']],
  ]),
];

const CLIENTS: readonly Case[] = [
  ...rejected(2, 'USAGE', [
    ['set without anything', () => ['clients', 'set', 'partner']],
    ['set and unset of the same', () => ['clients', 'set', 'partner', '--owner', 'x', '--unset', 'owner']],
    ['show without a client', () => ['clients', 'show']],
    ['revoke with --yes', () => ['clients', 'revoke', 'partner', '--yes']],
    ['a group without a command', () => ['clients']],
  ]),
  ...rejected(
    2,
    'INVALID_CIDR',
    ['10/8', '10.0.0.1/33', '10.0.0.1/8', '010.0.0.0/8', '10.0.0.0/-1', '::1/129', 'anywhere', ''].map((cidr) => [
      `--cidr ${cidr || '(empty)'}`,
      () => ['clients', 'set', 'partner', '--cidr', cidr],
    ]),
  ),
  ...rejected(2, 'INVALID_CLIENT', [['an upper-case client', () => ['clients', 'set', 'Partner', '--owner', 'x']]]),
  ...rejected(2, 'INVALID_SCOPE', [['a bad scope', () => ['clients', 'set', 'partner', '--scope', 'a"b']]]),
  ...rejected(2, 'INVALID_DURATION', [['--max-ttl 90', () => ['clients', 'set', 'partner', '--max-ttl', '90']]]),
  ...rejected(2, 'INVALID_TEXT', [
    ['an empty contact', () => ['clients', 'set', 'partner', '--contact', ' ']],
    ['a reason with an escape', () => ['clients', 'suspend', 'partner', '--yes', '--reason', 'a\u001B[31mb']],
  ]),
  ...rejected(2, 'INVALID_INPUT', [
    ['--unset of what there is not', () => ['clients', 'set', 'partner', '--unset', 'name']],
    ['--confirm of another name', () => ['clients', 'revoke', 'partner', '--confirm', 'parnter']],
  ]),
  ...rejected(2, 'CONFIRMATION_REQUIRED', [
    ['suspend without a terminal', () => ['clients', 'suspend', 'partner']],
    ['revoke without a terminal', () => ['clients', 'revoke', 'partner']],
  ]),
  ...rejected(
    3,
    'CLIENT_NOT_FOUND',
    ['show', 'suspend', 'resume', 'revoke'].map((verb) => [`${verb} of nobody`, () => ['clients', verb, 'nobody']]),
  ),
];

const KEYS: readonly Case[] = [
  ...rejected(2, 'USAGE', [
    ['activate without a key', () => ['keys', 'activate']],
    ['--wait with --now', () => ['keys', 'rotate', '--wait', '--now']],
  ]),
  ...rejected(2, 'INVALID_KID', [
    // Not its first five, which may begin with a hyphen: so short a word would be flags.
    ['a kid of 5 characters', ({ activeKid }) => ['keys', 'retire', `k${activeKid.slice(0, 4)}`]],
    ['a kid with a dot', () => ['keys', 'revoke', 'abc.def']],
  ]),
  ...rejected(2, 'INVALID_ALG', [['an algorithm that is none', () => ['keys', 'create', '--alg', 'HS256']]]),
  ...rejected(2, 'INVALID_INPUT', [
    ['--confirm of another key', ({ activeKid }) => ['keys', 'revoke', activeKid, '--confirm', UNKNOWN_KID]],
    ['--confirm of too little', ({ activeKid }) => ['keys', 'revoke', activeKid, `--confirm=${activeKid.slice(0, 5)}`]],
  ]),
  ...rejected(2, 'CONFIRMATION_REQUIRED', [
    ['activate without a terminal', ({ pendingKid }) => ['keys', 'activate', pendingKid, '--now']],
    ['revoke without a terminal', ({ activeKid }) => ['keys', 'revoke', activeKid]],
  ]),
  ...rejected(
    3,
    'KEY_NOT_FOUND',
    ['activate', 'retire', 'revoke'].map((verb) => [
      `${verb} of no key`,
      () => ['keys', verb, UNKNOWN_KID, '--dry-run'],
    ]),
  ),
  ...rejected(5, 'WRONG_STATE', [
    ['activating a key that is too young', ({ pendingKid }) => ['keys', 'activate', pendingKid, '--yes']],
    ['activating the active key', ({ activeKid }) => ['keys', 'activate', activeKid, '--yes', '--now']],
    ['activating a retiring key', ({ retiringKid }) => ['keys', 'activate', retiringKid, '--yes', '--now']],
    ['retiring the active key', ({ activeKid }) => ['keys', 'retire', activeKid]],
    ['retiring a pending key', ({ pendingKid }) => ['keys', 'retire', pendingKid]],
    ['retiring a key that tokens need', ({ retiringKid }) => ['keys', 'retire', retiringKid]],
  ]),
];

const REVOKE: readonly Case[] = [
  ...rejected(2, 'USAGE', [
    ['revoke without a token', () => ['revoke']],
    ['--client alone', () => ['revoke', '--client', 'partner']],
    ['--all alone', () => ['revoke', '--all']],
    ['--all with a jti', ({ live }) => ['revoke', live, '--client', 'partner', '--all']],
    ['--all with --from', () => ['revoke', '--client', 'partner', '--all', '--from', 'jtis']],
    ['--from with a jti', ({ live }) => ['revoke', live, '--from', 'jtis']],
    ['--token with --client', () => ['revoke', '--token', '--client', 'partner']],
    ['--probe without --wait', ({ live }) => ['revoke', live, '--probe', 'http://127.0.0.1/', '--token-file', 'taken']],
    ['--probe without a token', ({ live }) => ['revoke', live, '--wait', '--probe', 'http://127.0.0.1/']],
    ['--token-file beside a jti', ({ live }) => ['revoke', live, '--token-file', 'taken']],
  ]),
  ...rejected(2, 'INVALID_INPUT', [
    ['an empty token', () => ['revoke', '--token', '--yes'], ' \n'],
    ['two tokens', () => ['revoke', '--token', '--yes'], 'a b'],
    ['no token at all', () => ['revoke', '--token', '--yes'], 'nonsense'],
    [
      'a token of another issuer',
      () => ['revoke', '--token', '--yes'],
      `eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Imtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2sifQ.e30.${'A'.repeat(86)}`,
    ],
    ['a probe of no API', ({ live }) => ['revoke', live, '--wait', '--probe', 'ftp://x', '--token-file', 'taken']],
    ['an empty list', () => ['revoke', '--from', '-', '--yes'], '# nothing\n\n'],
    ['a directory as list', () => ['revoke', '--from', '.', '--yes']],
  ]),
  ...rejected(2, 'INVALID_JTI', [
    ['a list with a bad line', () => ['revoke', '--from', '-', '--yes'], `${UNKNOWN_JTI}\n# x\n\nabc\n`],
    ['a list of prefixes', () => ['revoke', '--from', '-', '--yes'], '3f0e8a52\n'],
  ]),
  ...rejected(2, 'CONFIRMATION_REQUIRED', [
    ['--all without a terminal', () => ['revoke', '--client', 'partner', '--all']],
    ['--from without a terminal', () => ['revoke', '--from', '-'], `${UNKNOWN_JTI}\n`],
  ]),
  ...rejected(3, 'CLIENT_NOT_FOUND', [['--all of nobody', () => ['revoke', '--client', 'nobody', '--all', '--yes']]]),
  ...rejected(3, 'FILE_NOT_FOUND', [
    ['a list that is not there', () => ['revoke', '--from', 'nowhere', '--yes']],
    ['a token that is not there', () => ['revoke', '--token', '--token-file', 'nowhere', '--yes']],
  ]),
];

describe.each([
  ['rotate', ROTATE],
  ['clients', CLIENTS],
  ['keys', KEYS],
  ['revoke', REVOKE],
] as const)('%s refuses', (_, cases) => {
  let session: Session;
  let known: Known;
  beforeAll(async () => {
    session = new Session();
    known = await prepare(session);
  });
  afterAll(() => session[Symbol.dispose]());

  it.each(cases)('$title', async ({ argv, exit, code, stdin = '' }) => {
    const before = await stateOf(session);
    const result = await session.run([...argv(known), '--json'], { stdin });
    expect(errorOf(result)).toMatchObject({ code });
    expect({ exit: result.code, stdout: result.stdout }).toEqual({ exit, stdout: '' });
    expect(await stateOf(session)).toEqual(before);
  });
});

/** Everything that a refused command could have changed. */
async function stateOf(session: Session): Promise<unknown> {
  const read = async (...argv: readonly string[]): Promise<unknown> =>
    JSON.parse((await session.run([...argv, '--json'])).stdout);
  return [await read('list', '--all'), await read('clients', 'list'), await read('keys', 'list')];
}

async function prepare(session: Session): Promise<Known> {
  const done = async (...argv: readonly string[]): Promise<void> => {
    const { code, stderr } = await session.run(argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  };
  mkdirSync(session.cwd, { recursive: true });
  writeFileSync(join(session.cwd, 'taken'), '');
  const expired = await session.issue('--client', 'short', '--ttl', '1h');
  session.now += 3_600_000;
  const live = await session.issue('--client', 'partner', '--scope', 'a', '--ttl', '60d');
  await done('clients', 'set', 'partner', '--scope', 'a', '--max-ttl', '60d');
  const revoked = await session.issue('--client', 'others');
  await done('revoke', revoked.jti, '--yes');
  const replaced = await session.issue('--client', 'others');
  await done('rotate', replaced.jti);
  const suspended = await session.issue('--client', 'stopped');
  await done('clients', 'suspend', 'stopped', '--yes');
  const ended = await session.issue('--client', 'ended');
  await done('clients', 'revoke', 'ended', '--confirm', 'ended');
  await session.issue('--client', 'several');
  await session.issue('--client', 'several');
  await session.run(['issue', '--client', 'stuck'], { stdoutFails: 'EIO' });
  const [pending] = JSON.parse((await session.run(['list', '--client', 'stuck', '--json'])).stdout);
  await done('keys', 'rotate', '--now');
  session.now += 600_000;
  await done('keys', 'create');
  const [retiringKey, activeKey, pendingKey] = JSON.parse((await session.run(['keys', 'list', '--json'])).stdout);
  return {
    live: live.jti,
    revoked: revoked.jti,
    pending: pending.jti,
    expired: expired.jti,
    replaced: replaced.jti,
    suspended: suspended.jti,
    ended: ended.jti,
    activeKid: activeKey.kid,
    pendingKid: pendingKey.kid,
    retiringKid: retiringKey.kid,
  };
}
