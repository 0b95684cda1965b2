/** `apikey revoke JTI` and `apikey revoke --token`: ends one token. */
import {
  formatSeconds,
  planRevoke,
  revokeToken,
  type Revocation,
  type TokenRecord,
  type TokenView,
} from '@apikey/shared';
import { confirm } from '../../terminal/confirm.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { moment } from '../../token-words.ts';
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
  const impact = await impactLines(plan, work);
  if (dryRun) {
    tellPlan(plan, impact, work);
    return;
  }
  if (state !== 'revoked' && !yes) {
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

function tellPlan(plan: TokenView, impact: readonly string[], work: RevokeWork): void {
  const { terminal, env } = work;
  const { jti, client, state } = plan.record;
  const alreadyRevoked = state === 'revoked';
  if (terminal.json) {
    terminal.printJson({ dryRun: true, jti, client, live: plan.live, alreadyRevoked, env });
    return;
  }
  terminal.warn(
    [
      dryRunLead(work),
      alreadyRevoked ? `  change nothing: token ${jti} is revoked already` : `  revoke token ${jti}`,
      ...impact,
    ].join('\n'),
  );
}

/** What stops working, and what could take its place. */
async function impactLines(view: TokenView, { deps, env, terminal }: RevokeWork): Promise<string[]> {
  const { client, note, scopes, liveUntil, replaces, replacedBy } = view.record;
  const kin = async (jti: string | undefined): Promise<string | undefined> =>
    jti === undefined ? undefined : kinWords(jti, await deps.registry.getToken(client, jti));
  return fieldLines(
    [
      ['client', client],
      ['env', env],
      ['status', statusWord(view)],
      ['scopes', scopes.length === 0 ? undefined : scopes.join(' ')],
      ['note', note],
      ['replaces', await kin(replaces)],
      ['replaced by', await kin(replacedBy)],
      ['ends', moment(liveUntil, deps.clock.now() / 1000)],
    ],
    terminal.aside,
    '    ',
  );
}

function kinWords(jti: string, record: TokenRecord | undefined): string {
  return `${jti} (${record?.state ?? 'not in the registry'})`;
}
