/** What `apikey clients set` was asked for, every value parsed. */
import { parseCidr, parseClientId, parseDuration, parseText, type ClientSettings } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { oneOf, parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import { UsageError } from '../../usage-error.ts';
import { parseScopeFlags } from '../token-flags.ts';

const MAX_TEXT = 256;

/** What `--unset` takes, which is what the flags are called, and what each is called in a client. */
const SETTINGS = {
  contact: 'contact',
  owner: 'owner',
  purpose: 'purpose',
  scope: 'scopes',
  cidr: 'cidrs',
  'max-ttl': 'maxTtl',
} as const satisfies Readonly<Record<string, keyof ClientSettings>>;
const NAMES = ['contact', 'owner', 'purpose', 'scope', 'cidr', 'max-ttl'] as const satisfies (keyof typeof SETTINGS)[];

export interface SetOptions {
  readonly id: string;
  readonly settings: ClientSettings;
  readonly dryRun: boolean;
}

export function parseSetOptions({ flags, args }: Invocation): SetOptions {
  const id = parseFlag('client', args[0] ?? '', parseClientId);
  const text = (name: 'contact' | 'owner' | 'purpose'): ClientSettings => {
    const value = parseOptional(`--${name}`, flags.text(name), (given) => parseText(name, given, MAX_TEXT));
    return value === undefined ? {} : { [name]: value };
  };
  const scopes = parseScopeFlags(flags);
  const cidrs = [...new Set(flags.texts('cidr').map((cidr) => parseFlag('--cidr', cidr, parseCidr)))];
  const maxTtl = parseOptional('--max-ttl', flags.text('maxTtl'), parseDuration);
  const given: ClientSettings = {
    ...text('contact'),
    ...text('owner'),
    ...text('purpose'),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(cidrs.length === 0 ? {} : { cidrs }),
    ...(maxTtl === undefined ? {} : { maxTtl }),
  };
  const removed = flags.texts('unset').map((name) => parseFlag('--unset', name, oneOf(NAMES)));
  const both = removed.find((name) => SETTINGS[name] in given);
  if (both !== undefined) {
    throw new UsageError(`--${both} and --unset ${both} exclude each other`, { fix: 'leave one of them out' });
  }
  if (Object.keys(given).length === 0 && removed.length === 0) {
    throw new UsageError('nothing to set was given', {
      fix: `give one of ${NAMES.map((name) => `--${name}`).join(' ')}, or --unset; see: apikey clients set --help`,
    });
  }
  const settings = { ...given, ...Object.fromEntries(removed.map((name) => [SETTINGS[name], null])) };
  return { id, settings, dryRun: flags.on('dryRun') };
}
