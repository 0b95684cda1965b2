/** Tells what AppSync asks its authorizer: about a GraphQL request, or about a use of an Event API's channels. */
import type { Refusal } from '../refusal.ts';
import { namespaceOf, type ChannelUse } from './channels.ts';
import { member, textAt } from './event-reading.ts';

/** The members by which a request context of an Event API differs from one of a GraphQL API. */
const EVENTS_MEMBERS = ['operation', 'channel', 'channelNamespaceName'];

/** `graphql`, the use of a channel, or why this is neither. */
export function readAppSyncEvent(event: unknown): 'graphql' | ChannelUse | { readonly refusal: Refusal } {
  const context = member(event, 'requestContext');
  const asks = textAt(event, 'authorizationToken') !== undefined && textAt(context, 'apiId') !== undefined;
  if (!asks) return { refusal: 'type' };
  const ofEvents = EVENTS_MEMBERS.some((name) => member(context, name) !== undefined);
  if (!ofEvents) return 'graphql';
  return member(context, 'queryString') === undefined ? readUse(context) : { refusal: 'type' };
}

function readUse(context: unknown): ChannelUse | { readonly refusal: Refusal } {
  const operation = member(context, 'operation');
  // Where a connection is made there is no channel yet: the guide shows null, and the members may be missing.
  const channel = member(context, 'channel') ?? undefined;
  const namespace = member(context, 'channelNamespaceName') ?? undefined;
  if (operation === 'EVENT_CONNECT' && channel === undefined && namespace === undefined)
    return { operation: 'connect' };
  const use = operation === 'EVENT_PUBLISH' ? 'publish' : operation === 'EVENT_SUBSCRIBE' ? 'subscribe' : undefined;
  if (use === undefined || typeof channel !== 'string') return { refusal: 'operation' };
  const first = namespaceOf(channel);
  const agree = first !== undefined && (namespace === undefined || namespace === first);
  return agree ? { operation: use, channel } : { refusal: 'operation' };
}
