/** Which scopes it takes to use the channels of an AppSync Event API. */
import { coversScopes } from '@apikey/shared';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';
import { parseScopeOption } from '../routes.ts';
import { member } from './event-reading.ts';

export interface ChannelRule {
  /** `*` = both. */
  readonly operation: 'publish' | 'subscribe' | '*';
  /** `/namespace/channel`, or with `/*` at its end: every channel below. `/*` alone is every channel. */
  readonly channel: string;
  /** All of them are needed; none = any live token. */
  readonly scopes: readonly string[];
}

/** A channel, or all channels below one. */
interface Channels {
  /** With a slash at both ends. */
  readonly path: string;
  readonly below: boolean;
}

interface CheckedRule extends Channels {
  readonly operation: ChannelRule['operation'];
  readonly scopes: readonly string[];
}

/** What a client of an Event API wants to do. */
export type ChannelUse =
  | { readonly operation: 'connect' }
  | { readonly operation: 'publish' | 'subscribe'; readonly channel: string };

/** Whether these scopes allow a use. */
export type ChannelGuard = (use: ChannelUse, scopes: readonly string[]) => boolean;

/** AppSync takes up to five segments of letters, digits and inner dashes. */
const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/;
const MAX_SEGMENTS = 5;
const MAX_LENGTH = MAX_SEGMENTS * 51 + 3;

/** Checks the rules and makes their guard. Throws `AuthorizerConfigError`. */
export function channelGuard(rules: unknown): ChannelGuard {
  if (!Array.isArray(rules)) {
    throw new AuthorizerConfigError('channels', 'must be a list of { operation, channel, scopes }');
  }
  const checked = rules.map((rule: unknown, index) => checkRule(rule, `channels[${index}]`));
  return (use, scopes) => {
    // A connection carries nothing yet. Who may use no channel at all needs none.
    if (use.operation === 'connect') return checked.some((rule) => coversScopes(scopes, rule.scopes));
    const wanted = parseChannels(use.channel);
    if (wanted === undefined || (wanted.below && use.operation === 'publish')) return false;
    const rulesOf = checked.filter(({ operation }) => operation === '*' || operation === use.operation);
    const needed = rulesOf.filter((rule) => overlap(rule, wanted));
    return needed.some((rule) => covers(rule, wanted)) && needed.every((rule) => coversScopes(scopes, rule.scopes));
  };
}

/** The first segment of a channel; absent where it is none that AppSync takes. */
export function namespaceOf(channel: string): string | undefined {
  return parseChannels(channel)?.path.split('/')[1];
}

function checkRule(rule: unknown, option: string): CheckedRule {
  if (typeof rule !== 'object' || rule === null) {
    throw new AuthorizerConfigError(option, 'must be { operation, channel, scopes }');
  }
  refuseUnknown(rule, ['operation', 'channel', 'scopes'], `${option}.`);
  const operation = member(rule, 'operation');
  if (operation !== 'publish' && operation !== 'subscribe' && operation !== '*') {
    throw new AuthorizerConfigError(`${option}.operation`, 'must be publish, subscribe or *');
  }
  const channel = member(rule, 'channel');
  const every = channel === '/*' ? { path: '/', below: true } : undefined;
  const channels =
    every ?? (typeof channel === 'string' && channel.startsWith('/') ? parseChannels(channel) : undefined);
  if (channels === undefined) {
    throw new AuthorizerConfigError(`${option}.channel`, 'must be a channel like /plans/new, /plans/* or /*');
  }
  return { ...channels, operation, scopes: parseScopeOption(member(rule, 'scopes'), `${option}.scopes`) };
}

/** AppSync takes a slash at either end, and one `*` as the last segment. */
function parseChannels(channel: string): Channels | undefined {
  if (channel.length > MAX_LENGTH) return undefined;
  const segments = channel.replace(/^\//, '').split('/');
  const last = segments.at(-1);
  if (last === '' || last === '*') segments.pop();
  const fine = segments.length > 0 && segments.length <= MAX_SEGMENTS && segments.every((it) => SEGMENT.test(it));
  return fine ? { path: `/${segments.join('/')}/`, below: last === '*' } : undefined;
}

/** Whether a rule holds for every channel that is wanted. */
function covers(rule: Channels, wanted: Channels): boolean {
  if (!rule.below) return !wanted.below && rule.path === wanted.path;
  return wanted.path.startsWith(rule.path) && (wanted.below || wanted.path !== rule.path);
}

/**
 * Whether a rule may hold for some channel that is wanted, in the looser readings too: letters in either case, and a channel
 * as one of those below itself.
 */
function overlap(rule: Channels, wanted: Channels): boolean {
  const [ours, theirs] = [rule.path.toLowerCase(), wanted.path.toLowerCase()];
  return ours === theirs || (rule.below && theirs.startsWith(ours)) || (wanted.below && ours.startsWith(theirs));
}
