/** How commands speak of where a token went, or would go. */
import type { IssuedToken } from '@apikey/shared';
import type { Destination } from './destination.ts';

type Delivered = Pick<IssuedToken, 'record' | 'storedVersion'>;

export function deliveredWords({ output, store }: Destination, { storedVersion = '' }: Delivered): string {
  if (store !== undefined) {
    const version = store.scheme === 'ssm' ? `version ${storedVersion}` : `AWSCURRENT, version ${storedVersion}`;
    return `The token was stored in ${store.uri} as ${version}. It was not printed, and is stored nowhere else.`;
  }
  return output === undefined
    ? 'The token was printed to standard output. It is shown once and stored nowhere.'
    : `The token was written to ${output}, readable by you alone. It is stored nowhere else.`;
}

/** After `hand it over`. */
export function deliveryPlan({ output, store }: Destination): string {
  if (store !== undefined) return `in ${store.uri}`;
  return output === undefined ? 'on standard output' : `in ${output}`;
}

/** After `from`. */
export function whence({ output, store }: Destination): string {
  return store?.uri ?? output ?? 'standard output';
}

/** What tells that the token is what it should be. Nobody is to take one out of its store for that. */
export function verifyCommand({ output, store }: Destination, { record }: Delivered, env: string): string {
  if (store !== undefined) return `apikey show${env} ${record.jti}`;
  return `apikey verify${env} ${output === undefined ? '< FILE' : `--token-file ${output}`}`;
}

/** What stands in the place of `token` in JSON; nothing where that is printed itself. */
export function deliveredJson(
  { output, store }: Destination,
  { storedVersion }: Pick<Delivered, 'storedVersion'>,
): object | undefined {
  if (store !== undefined) return { deliveredTo: store.uri, deliveredVersion: storedVersion ?? null };
  return output === undefined ? undefined : { tokenFile: output };
}

/** The same for a plan, where there is a store. */
export function plannedJson({ store }: Destination): object {
  return store === undefined ? {} : { deliversTo: store.uri };
}
