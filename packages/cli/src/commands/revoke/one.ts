/** `apikey revoke JTI` and `apikey revoke --token`: ends one token. */
import {
  formatSeconds,
  planRevoke,
  revokeToken,
  showToken,
  type Revocation,
  type TokenDetails,
  type TokenView,
} from '@apikey/shared';
import { confirm } from '../../terminal/confirm.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { tokenImpactJson } from '../../token-json.ts';
import { moment } from '../../token-words.ts';
import { lastUsedValue, lastUsedWords } from '../../use-words.ts';
import { statusWord } from '../list/columns.ts';
import type { InForcePlan } from './in-force.ts';
import type { RevokeOptions, Target } from './options.ts';
import { dryRunLead, type RevokeWork } from './work.ts';

export async function revokeOne(
  target: Extract<Target, { kind: 'jti' | 'token' }>,
  { reason, yes, dryRun }: RevokeOptions,
  work: RevokeWork,
  inForce: InForcePlan,
): Promise<void> {
  const { io, terminal, deps } = work;
  const { given } = inForce;
  const plan = await planRevoke(
    deps,
    target.kind === 'jti' ? target.id : { jti: given?.claims.jti ?? '', client: given?.claims.sub },
  );
  const { jti, client, state } = plan.record;
  inForce.require((claims) => claims.jti === jti);
  if (dryRun) {
    tellPlan(await showToken(deps, jti, client), work);
    return;
  }
  // With --yes nobody looks: usage and kin are not read, so that they cannot be in the way.
  if (state !== 'revoked' && !yes) {
    const impact = impactLines(await showToken(deps, jti, client), work);
    // Where the token came on standard input, nobody can answer there.
    await confirm(io, terminal, work.inputAllowed && given?.fromStdin !== true, {
      question: [`Revoke token ${jti}?`, ...impact, 'This cannot be undone. Revoke it?'].join('\n'),
      action: `revoking token ${jti} of ${client}`,
      flag: '--yes',
    });
  }
  const revocation = await revokeToken(deps, { jti, client, reason });
  const at = revocation.alreadyRevoked ? revocation.revokedAt * 1000 : deps.clock.now();
  tell(revocation, work);
  const waited = await inForce.settle({ at });
  if (terminal.json) {
    const { revokedAt, alreadyRevoked } = revocation;
    terminal.printJson({ jti, client, revokedAt: formatSeconds(revokedAt), alreadyRevoked, env: work.env, ...waited });
  }
}

function tell({ jti, client, revokedAt, alreadyRevoked }: Revocation, { terminal, env }: RevokeWork): void {
  terminal.say(
    alreadyRevoked
      ? `Token ${jti} of ${client} in environment ${env} was revoked already, at ${formatSeconds(revokedAt)}; nothing was changed`
      : `${terminal.aside.green('Revoked')} token ${jti} of ${client} in environment ${env}`,
  );
}

function tellPlan(plan: TokenDetails, work: RevokeWork): void {
  const { terminal, env } = work;
  const { jti, client, state } = plan.record;
  const alreadyRevoked = state === 'revoked';
  if (terminal.json) {
    const impact = [plan, plan.predecessor, plan.successor].filter((view) => view !== undefined).map(tokenImpactJson);
    terminal.printJson({ dryRun: true, jti, client, live: plan.live, alreadyRevoked, impact, env });
    return;
  }
  terminal.warn(
    [
      dryRunLead(work),
      alreadyRevoked ? `  change nothing: token ${jti} is revoked already` : `  revoke token ${jti}`,
      ...impactLines(plan, work),
    ].join('\n'),
  );
}

/** What stops working, when it was last used, and what could take its place. */
function impactLines(details: TokenDetails, { deps, env, terminal }: RevokeWork): string[] {
  const { record, predecessor, successor } = details;
  const { client, note, scopes, liveUntil } = record;
  const now = deps.clock.now() / 1000;
  return fieldLines(
    [
      ['client', client],
      ['env', env],
      ['status', statusWord(details)],
      ['scopes', scopes.length === 0 ? undefined : scopes.join(' ')],
      ['note', note],
      ['last used', lastUsedValue(details, now)],
      ['replaces', kinWords(record.replaces, predecessor, now)],
      ['replaced by', kinWords(record.replacedBy, successor, now)],
      ['ends', moment(liveUntil, now)],
    ],
    terminal.aside,
    '    ',
  );
}

function kinWords(jti: string | undefined, view: TokenView | undefined, now: number): string | undefined {
  if (jti === undefined) return undefined;
  return view === undefined
    ? `${jti}, not in the registry`
    : `${jti}, ${statusWord(view)}, ${lastUsedWords(view, now)}`;
}
