/** What narrower limits of a client do to its tokens that are out. */
import { effectiveScopes, type Client, type ClientSettings, type TokenVerdict } from '@apikey/shared';

type Limits = Pick<Client, 'scopes' | 'cidrs'>;

export interface Narrowing {
  /** Live tokens that may be used for less than before. */
  readonly losers: readonly { readonly jti: string; readonly lost: readonly string[] }[];
  /** The only networks from which the client's live tokens are accepted, where some were allowed that no longer are. */
  readonly networks: readonly string[] | undefined;
  readonly liveTokens: number;
}

export function narrowing(before: Limits, settings: ClientSettings, tokens: readonly TokenVerdict[]): Narrowing {
  const live = tokens.filter((view) => view.live).map(({ record }) => record);
  const scopes = settings.scopes === undefined ? before.scopes : (settings.scopes ?? undefined);
  const after = scopes === undefined ? {} : { scopes };
  const losers = live.flatMap((record) => {
    const left = effectiveScopes(record.scopes, after);
    const lost = effectiveScopes(record.scopes, before).filter((scope) => !left.includes(scope));
    return lost.length === 0 ? [] : [{ jti: record.jti, lost }];
  });
  const { cidrs } = settings;
  const narrower =
    cidrs !== undefined && cidrs !== null && !(before.cidrs ?? ['any']).every((network) => cidrs.includes(network));
  return { losers, networks: narrower ? cidrs : undefined, liveTokens: live.length };
}
