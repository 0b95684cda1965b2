/** What `apikey revoke` was asked for, every value parsed. */
import { InvalidValueError, parseClientId } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag, parseOptional, parseReason } from '../../command-line/parse-flag.ts';
import { parseTokenId, type TokenId } from '../../token-id.ts';
import { UsageError } from '../../usage-error.ts';

/** Which tokens to end. */
export type Target =
  | { readonly kind: 'jti'; readonly id: TokenId }
  | { readonly kind: 'token'; readonly argument: string | undefined; readonly file: string | undefined }
  | { readonly kind: 'client'; readonly client: string }
  | { readonly kind: 'list'; readonly file: string };

interface WaitOptions {
  readonly probe: URL | undefined;
  /** Where the token to probe with lies, unless it is the one that was given to be revoked. */
  readonly tokenFile: string | undefined;
}

export interface RevokeOptions {
  readonly target: Target;
  readonly reason: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Absent = return once it is committed. */
  readonly wait: WaitOptions | undefined;
}

export function parseRevokeOptions(invocation: Invocation): RevokeOptions {
  const { flags } = invocation;
  const target = parseTarget(invocation);
  return {
    target,
    reason: parseReason(flags.text('reason')),
    yes: flags.on('yes'),
    dryRun: flags.on('dryRun'),
    wait: parseWait(invocation, target),
  };
}

function parseTarget({ flags, args: [argument] }: Invocation): Target {
  const client = flags.text('client');
  const from = flags.text('from');
  if (flags.on('token')) return { kind: 'token', argument, file: flags.text('tokenFile') };
  if (flags.on('all') || from !== undefined) {
    const flag = from === undefined ? '--all' : '--from';
    if (argument !== undefined)
      throw new UsageError(`a jti and ${flag} exclude each other`, { fix: 'leave one of them out' });
    if (from !== undefined) return { kind: 'list', file: from };
    if (client === undefined)
      throw new UsageError('--all needs --client', { fix: 'name the client whose tokens are to end' });
    return { kind: 'client', client: parseFlag('--client', client, parseClientId) };
  }
  if (argument === undefined) {
    throw new UsageError('no token was named', {
      why: client === undefined ? undefined : '--client alone does not say which of its tokens is meant',
      fix:
        client === undefined
          ? 'give a jti (see: apikey list), or --token, --client X --all, or --from FILE'
          : 'give a jti beside --client, or --all for all of them',
    });
  }
  return { kind: 'jti', id: parseTokenId(argument, client) };
}

function parseWait({ flags }: Invocation, target: Target): WaitOptions | undefined {
  const probe = parseOptional('--probe', flags.text('probe'), parseUrl);
  const tokenFile = flags.text('tokenFile');
  if (probe !== undefined && !flags.on('wait')) throw new UsageError('--probe needs --wait', { fix: 'add --wait' });
  if (target.kind !== 'token' && (tokenFile === undefined) !== (probe === undefined)) {
    throw probe === undefined
      ? new UsageError('--token-file needs --token or --probe', { fix: 'add --token to revoke the token in the file' })
      : new UsageError('--probe needs --token-file', {
          why: 'the API is asked with the token itself, which is stored nowhere',
          fix: 'add --token-file FILE, with a file that holds the token to be revoked',
        });
  }
  return flags.on('wait') ? { probe, tokenFile: target.kind === 'token' ? undefined : tokenFile } : undefined;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new InvalidValueError('INVALID_INPUT', 'this is not the address of an API', {
    why: 'expected an http or https URL',
    fix: 'write it like https://api.example.gov/plans',
  });
}
