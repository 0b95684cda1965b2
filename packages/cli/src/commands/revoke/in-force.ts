/** `--wait`: returns once a revocation holds everywhere, by the clock or by asking the API itself. */
import { InvalidValueError, readOwnToken, type TokenClaims } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { readToken } from '../../token-input.ts';
import { wait } from '../../wait.ts';
import type { RevokeOptions } from './options.ts';
import { probeUntilDenied, type ProbeResult } from './probe.ts';
import type { RevokeWork } from './work.ts';

/** How much longer than the bound an API is asked before the command gives up. */
const PATIENCE_SECONDS = 30;

export interface InForcePlan {
  /** The token that was read for the revocation itself. */
  readonly given: OwnedToken | undefined;
  /** Refuses a token to probe with that will not be among the revoked. */
  readonly require: (isRevoked: (claims: TokenClaims) => boolean) => void;
  /** Waits, where asked to, from when the revocation was committed (`at`, epoch milliseconds); tells JSON how that went. */
  readonly settle: (committed: { readonly at: number }) => Promise<object>;
}

interface OwnedToken {
  readonly token: string;
  readonly claims: TokenClaims;
  readonly fromStdin: boolean;
}

/** Reads and checks whatever tokens were given, before anything is changed. */
export async function planInForce(options: RevokeOptions, work: RevokeWork): Promise<InForcePlan> {
  const { target, wait: asked } = options;
  const given = target.kind === 'token' ? await readOwn(target, work) : undefined;
  const probing = asked?.tokenFile === undefined ? given : await readOwn({ file: asked.tokenFile }, work);
  return {
    given,
    require: (isRevoked) => {
      if (asked?.probe === undefined || probing === undefined || isRevoked(probing.claims)) return;
      throw new InvalidValueError('INVALID_INPUT', 'the token to probe with is not one that would be revoked', {
        why: `it is token ${probing.claims.jti} of client ${probing.claims.sub}`,
        fix: 'give the file of a token that this command revokes',
      });
    },
    settle: async ({ at }) => {
      if (asked === undefined) return {};
      work.onInterrupt({
        why: 'the revocation holds; only the wait for it was cut short',
        fix: 'nothing needs to be done',
      });
      const { tokens: bound } = configuredBound(work.config);
      if (asked.probe === undefined || probing === undefined) return waitOut(bound, at, work);
      const giveUpAt = at + (bound + PATIENCE_SECONDS) * 1000;
      const result = await probeUntilDenied(asked.probe, probing.token, { since: at, giveUpAt, bound }, work);
      work.terminal.say(probeWords(asked.probe, result, bound));
      return {
        wait: { boundSeconds: bound, url: asked.probe.href, deniedAfterMs: result.millis, status: result.status },
      };
    },
  };
}

async function readOwn(
  source: { readonly argument?: string | undefined; readonly file?: string | undefined },
  work: RevokeWork,
): Promise<OwnedToken> {
  const token = await readToken(source, work);
  const { claims } = await readOwnToken(work.deps, token);
  const named = source.file ?? source.argument ?? '-';
  return { token, claims, fromStdin: named === '-' };
}

async function waitOut(bound: number, at: number, work: RevokeWork): Promise<object> {
  const left = Math.max(0, Math.ceil((at - work.io.clock.now()) / 1000 + bound));
  await wait(left, 'until the revocation holds everywhere', work);
  work.terminal.say(
    bound === 0
      ? 'In force: authorizers of this environment keep no answers (gateway_result_ttl, max_staleness and stale_if_error are 0)'
      : `In force everywhere: the ${bound} seconds are over for which an authorizer may keep an answer`,
  );
  return { wait: { boundSeconds: bound } };
}

function probeWords(url: URL, { status, millis, allowed }: ProbeResult, bound: number): string {
  const before =
    allowed === 0 ? '' : `; ${counted(allowed, 'request')} before that ${allowed === 1 ? 'was' : 'were'} let in`;
  return `In force: ${url.href} answered ${status} after ${millis} ms (bound: ${bound} s)${before}`;
}
