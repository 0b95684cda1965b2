/** How commands speak of a client's details. */
import { formatDuration, type Client } from '@apikey/shared';
import type { Field } from '../../terminal/fields.ts';

export type Details = Partial<Pick<Client, 'contact' | 'owner' | 'purpose' | 'scopes' | 'cidrs' | 'maxTtl'>>;

/** The details that are set, and its limits whether set or not. */
export function detailFields({ contact, owner, purpose, scopes, cidrs, maxTtl }: Details): Field[] {
  return [
    ['contact', contact],
    ['owner', owner],
    ['purpose', purpose],
    ['scopes', scopes?.join(' ') ?? 'any'],
    ['networks', cidrs?.join(' ') ?? 'any'],
    ['max ttl', maxTtl === undefined ? 'that of the environment' : formatDuration(maxTtl)],
  ];
}
