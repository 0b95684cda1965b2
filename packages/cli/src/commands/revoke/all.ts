/** `apikey revoke --client X --all`: ends every token of a client, at once and then record by record. */
import { describeTokens, formatMillis, openTokensOf, revokeAllTokens } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { confirm, isInteractive } from '../../terminal/confirm.ts';
import { tokenImpactJson } from '../../token-json.ts';
import { tokenTable } from '../../token-words.ts';
import type { InForcePlan } from './in-force.ts';
import type { RevokeOptions } from './options.ts';
import { dryRunLead, type RevokeWork } from './work.ts';

export async function revokeAllOf(
  id: string,
  { reason, yes, dryRun }: RevokeOptions,
  work: RevokeWork,
  inForce: InForcePlan,
): Promise<void> {
  const { io, terminal, deps, env } = work;
  const { aside } = terminal;
  inForce.require((claims) => claims.sub === id);
  const { tokens } = await openTokensOf(deps, id);
  const views =
    dryRun || !yes
      ? await describeTokens(
          deps,
          tokens.map(({ record }) => record),
        )
      : [];
  const now = deps.clock.now() / 1000;
  const table = tokenTable(views, { now, style: aside, columns: terminal.columns, clients: false });
  const all = `${counted(tokens.length, 'token')} of client ${id} that ${tokens.length === 1 ? 'is' : 'are'} live or could become so`;
  if (dryRun) {
    const jtis = tokens.map(({ record }) => record.jti);
    if (terminal.json)
      terminal.printJson({ dryRun: true, client: id, tokens: jtis, impact: views.map(tokenImpactJson), env });
    else terminal.warn([dryRunLead(work), `  revoke ${all}`, ...table].join('\n'));
    return;
  }
  if (!yes) {
    await confirm(io, terminal, work.inputAllowed, {
      question: [
        `Revoke ${all}, in environment ${env}?`,
        ...table,
        'Tokens being issued at this moment end too. This cannot be undone. Revoke them?',
      ].join('\n'),
      action: `revoking all tokens of client ${id}`,
      flag: '--yes',
    });
  }
  const shown = isInteractive(io, terminal, work.inputAllowed);
  work.onInterrupt({
    why: 'the tokens are denied, if the first write was made; not every record says so yet',
    fix: 'run the command again',
  });
  const { client, marked } = await revokeAllTokens(deps, id, reason, (count) => {
    if (shown) terminal.status(`${counted(count, 'token')} marked as revoked`);
  });
  const at = deps.clock.now();
  terminal.say(
    `${aside.green('Revoked')} all tokens of client ${aside.bold(id)} in environment ${env}: ${counted(marked, 'record')} marked`,
  );
  const waited = await inForce.settle({ at });
  if (terminal.json) {
    const revokedAt = `${formatMillis(at).slice(0, 19)}Z`;
    terminal.printJson({ client: id, all: true, revokedAt, tokens: marked, epoch: client.epoch, env, ...waited });
  }
}
