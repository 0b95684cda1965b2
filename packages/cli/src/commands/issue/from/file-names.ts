/** The files of a directory of tokens: `<client>.token`, and `<client>+2.token` for a client's second line. */
import type { BulkLine } from './requests.ts';

/**
 * By request id. A plus sign is in no client id, so that no two lines get one name. The order of a client's lines
 * decides: more of them at the end of a file leave the names of the others alone.
 */
export function fileNames(lines: readonly BulkLine[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  return new Map(
    lines.map(({ request: { client, requestId } }) => {
      const nth = (counts.get(client) ?? 0) + 1;
      counts.set(client, nth);
      return [requestId, nth === 1 ? `${client}.token` : `${client}+${nth}.token`];
    }),
  );
}
