/** `apikey revoke --from FILE`: ends the tokens that a file lists. */
import {
  ApikeyError,
  describeTokens,
  formatSeconds,
  planRevoke,
  revokeToken,
  type OperationDeps,
  type TokenRecord,
  type TokenView,
} from '@apikey/shared';
import { workThrough } from '../../bulk.ts';
import { counted } from '../../counted.ts';
import { confirm } from '../../terminal/confirm.ts';
import { tokenImpactJson } from '../../token-json.ts';
import { tokenTable } from '../../token-words.ts';
import type { InForcePlan } from './in-force.ts';
import { readJtis } from './jti-file.ts';
import type { RevokeOptions } from './options.ts';
import { dryRunLead, type RevokeWork } from './work.ts';
import { jsonText } from '../../terminal/printable.ts';

export async function revokeListed(
  file: string,
  { reason, yes, dryRun }: RevokeOptions,
  work: RevokeWork,
  inForce: InForcePlan,
): Promise<void> {
  const { io, terminal, deps, env } = work;
  const jtis = await readJtis(file, work);
  inForce.require((claims) => jtis.includes(claims.jti));
  if (dryRun || !yes) {
    const listed = await lookUp(deps, jtis);
    const impact = impactLines(listed, work);
    if (dryRun) {
      tellPlan(listed, impact, work);
      return;
    }
    await confirm(io, terminal, work.inputAllowed && file !== '-', {
      question: [
        `Revoke the tokens that ${file} lists, in environment ${env}?`,
        ...impact,
        'This cannot be undone. Revoke them?',
      ].join('\n'),
      action: `revoking ${counted(jtis.length, 'token')}`,
      flag: '--yes',
    });
  }
  let revoked = 0;
  await workThrough(
    {
      items: jtis,
      done: 'revoked',
      name: (jti) => jti,
      failureJson: (jti, error) => ({ jti, env, error }),
      fix: 'correct the list and run the command again: what is revoked already is passed over',
      work: async (jti) => {
        const { client, revokedAt, alreadyRevoked } = await revokeToken(deps, { jti, reason });
        if (!alreadyRevoked) revoked += 1;
        const json = { jti, client, revokedAt: formatSeconds(revokedAt), alreadyRevoked, env };
        if (terminal.json) terminal.print(jsonText(json));
      },
    },
    work,
  );
  const before = jtis.length - revoked;
  terminal.say(
    `${terminal.aside.green('Revoked')} ${counted(revoked, 'token')} in environment ${env}` +
      (before === 0 ? '' : `; ${before} ${before === 1 ? 'was' : 'were'} revoked already`),
  );
  const waited = await inForce.settle({ at: deps.clock.now() });
  if (terminal.json && 'wait' in waited) terminal.print(jsonText({ ...waited, env }));
}

interface Listed {
  readonly views: readonly TokenView[];
  /** Of no token that the registry has. */
  readonly unknown: readonly string[];
}

async function lookUp(deps: OperationDeps, jtis: readonly string[]): Promise<Listed> {
  const records: TokenRecord[] = [];
  const unknown: string[] = [];
  for (const jti of jtis) {
    try {
      records.push((await planRevoke(deps, { jti })).record);
    } catch (error) {
      if (!(error instanceof ApikeyError && error.code === 'TOKEN_NOT_FOUND')) throw error;
      unknown.push(jti);
    }
  }
  return { views: await describeTokens(deps, records), unknown };
}

function impactLines({ views, unknown }: Listed, { terminal, deps }: RevokeWork): string[] {
  const open = views.filter(({ over }) => !over);
  const ended = views.length - open.length;
  return [
    ...tokenTable(open, { now: deps.clock.now() / 1000, style: terminal.aside, columns: terminal.columns }),
    ...(ended === 0 ? [] : [`    ${counted(ended, 'token')} more ${ended === 1 ? 'has' : 'have'} ended already`]),
    ...(unknown.length === 0 ? [] : [`    ${counted(unknown.length, 'id')} of no token that is known`]),
  ];
}

function tellPlan({ views, unknown }: Listed, impact: readonly string[], work: RevokeWork): void {
  const { terminal, env } = work;
  const open = views.filter(({ record }) => record.state !== 'revoked').map(({ record }) => record.jti);
  if (terminal.json)
    terminal.printJson({ dryRun: true, tokens: open, unknown, impact: views.map(tokenImpactJson), env });
  else terminal.warn([dryRunLead(work), `  revoke ${counted(open.length, 'token')}`, ...impact].join('\n'));
}
