/** What `apikey rotate` was asked for, every value parsed. */
import { DEFAULT_QUIET_SECONDS, parseClientId, parseDuration, type RotateRequest } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import { parseDestination, type Destination } from '../../delivery/destination.ts';
import { parseTokenId, type TokenId } from '../../token-id.ts';
import { UsageError } from '../../usage-error.ts';
import { parseTokenFlags } from '../token-flags.ts';

/** What holds for every token that is rotated. Without a grace, that of the environment. */
type Successor = Omit<RotateRequest, 'client' | 'jti' | 'grace'> & { readonly grace: number | undefined };

interface Common {
  readonly successor: Successor;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export interface RotateOneOptions extends Common {
  readonly kind: 'one';
  /** Without an id, the one token of the client. */
  readonly token: TokenId | { readonly jti: undefined; readonly client: string };
  readonly destination: Destination;
}

export interface RotateAllOptions extends Common {
  readonly kind: 'all';
  readonly client: string | undefined;
  readonly expiringWithin: number | undefined;
  /** As typed; absent = JSON lines on standard output. */
  readonly outDir: string | undefined;
  readonly force: boolean;
}

/** Which rotations under way: by a token, by a client, or all. */
export interface RotationTarget {
  readonly jti: string | undefined;
  readonly client: string | undefined;
}

export interface RotateStatusOptions {
  readonly kind: 'status';
  readonly target: RotationTarget;
}

export interface RotateFinishOptions {
  readonly kind: 'finish';
  /** Without an id, the one rotation under way of the client. */
  readonly token: RotateOneOptions['token'];
  readonly quietFor: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export function parseRotateOptions(
  invocation: Invocation,
): RotateOneOptions | RotateAllOptions | RotateStatusOptions | RotateFinishOptions {
  const { flags, args } = invocation;
  const quietFor = parseOptional('--quiet-for', flags.text('quietFor'), parseDuration);
  if (flags.on('finish')) {
    const token = parseToken(args[0], flags.text('client'));
    const answers = { dryRun: flags.on('dryRun'), yes: flags.on('yes') };
    return { kind: 'finish', token, quietFor: quietFor ?? DEFAULT_QUIET_SECONDS, ...answers };
  }
  if (quietFor !== undefined) throw new UsageError('--quiet-for needs --finish', { fix: 'add --finish' });
  return flags.on('status') ? { kind: 'status', target: parseTarget(invocation) } : parseMaking(invocation);
}

function parseTarget({ flags, args: [jti] }: Invocation): RotationTarget {
  const client = flags.text('client');
  if (jti !== undefined) return parseTokenId(jti, client);
  return { jti, client: parseOptional('--client', client, parseClientId) };
}

function parseMaking({ flags, args }: Invocation): RotateOneOptions | RotateAllOptions {
  const common = { successor: parseSuccessor(flags), dryRun: flags.on('dryRun'), yes: flags.on('yes') };
  if (flags.on('all')) return { kind: 'all', ...common, ...parseAll(flags, args[0], common.successor) };
  for (const [key, name] of [
    ['outDir', '--out-dir'],
    ['expiringWithin', '--expiring-within'],
  ] as const) {
    if (flags.text(key) === undefined) continue;
    throw new UsageError(`${name} needs --all`, { fix: 'add --all to rotate many tokens at once' });
  }
  const destination = parseDestination(flags);
  if (common.successor.grace === 0 && destination.output === undefined && destination.store === undefined) {
    throw new UsageError('--grace 0 needs -o or --to', {
      why: 'the old token ends the moment the new one is written, and a pipe does not prove that anybody received it',
      fix: 'add -o FILE or --to STORE, or leave the old token some grace',
    });
  }
  return { kind: 'one', ...common, token: parseToken(args[0], flags.text('client')), destination };
}

function parseToken(jti: string | undefined, client: string | undefined): RotateOneOptions['token'] {
  if (jti !== undefined) return parseTokenId(jti, client);
  const owner = parseOptional('--client', client, parseClientId);
  if (owner !== undefined) return { jti: undefined, client: owner };
  throw new UsageError('neither a token nor a client was named', {
    fix: 'give the jti of a token, or --client for the one token of a client; see: apikey list',
  });
}

function parseAll(
  flags: FlagValues,
  jti: string | undefined,
  { grace }: Successor,
): Pick<RotateAllOptions, 'client' | 'expiringWithin' | 'outDir' | 'force'> {
  const outDir = flags.text('outDir');
  if (jti !== undefined) throw new UsageError('a jti and --all exclude each other', { fix: 'leave one of them out' });
  if (outDir === '') throw new UsageError('--out-dir needs the name of a directory');
  if (flags.on('force') && outDir === undefined) {
    throw new UsageError('--force needs --out-dir', { why: 'it replaces token files', fix: 'add --out-dir DIRECTORY' });
  }
  if (outDir === undefined && !flags.on('json') && !flags.on('dryRun')) {
    throw new UsageError('--all needs --out-dir or --json', {
      why: 'several bare tokens on standard output could not be told apart',
      fix: 'add --out-dir DIRECTORY for one file each, or --json for one object a line',
    });
  }
  if (grace === 0 && outDir === undefined) {
    throw new UsageError('--grace 0 needs --out-dir', {
      why: 'the old tokens end the moment the new ones are written, and a pipe does not prove that anybody received them',
      fix: 'add --out-dir DIRECTORY, or leave the old tokens some grace',
    });
  }
  return {
    client: parseOptional('--client', flags.text('client'), parseClientId),
    expiringWithin: parseOptional('--expiring-within', flags.text('expiringWithin'), parseDuration),
    outDir,
    force: flags.on('force'),
  };
}

function parseSuccessor(flags: FlagValues): Successor {
  const { scopes, audience, ...rest } = parseTokenFlags(flags);
  return {
    ...rest,
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(audience.length === 0 ? {} : { audience }),
    grace: parseOptional('--grace', flags.text('grace'), (text) => (text === '0' ? 0 : parseDuration(text))),
    takeOver: flags.on('takeOver'),
  };
}
