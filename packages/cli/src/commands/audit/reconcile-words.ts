/** What `apikey audit reconcile` says, to people and to programs. */
import { formatMillis, type Reconciliation, type ReconcileFinding, type ReconcileFindingKind } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';

type Call = NonNullable<ReconcileFinding['call']>;

const MEANING: Record<ReconcileFindingKind, string> = {
  unexplained_signature: 'a signature that nothing in the registry accounts for',
  token_without_signature: 'a token of which CloudTrail knows no signature',
  unexpected_principal: 'a token that was signed by somebody who did not work on it',
  unexpected_key: 'a token that was signed by another key than its record names',
  signature_claimed_twice: 'a token that names the signature of another as its own',
};

export function reconciliationText(result: Reconciliation, env: string, style: Style): string {
  const { from, until, matched, grants, abandoned, findings, unjudged, ignored } = result;
  const verdict = findings.length === 0 ? style.green('no findings') : style.red(counted(findings.length, 'finding'));
  const fields: Field[] = [
    ['covered', `${formatMillis(from)} to ${formatMillis(until)}`],
    ['matched', `${counted(matched, 'token')} with ${matched === 1 ? 'its' : 'their'} own signature`],
    ['grants', grants === 0 ? undefined : `${counted(grants, 'signature')} over commits that prepared tokens`],
    [
      'abandoned',
      abandoned.length === 0
        ? undefined
        : `${counted(abandoned.length, 'signature')} of runs that crashed or were repeated`,
    ],
    ['not judged', unjudged === 0 ? undefined : `${counted(unjudged, 'token')} made outside of that time`],
    ['left out', leftOut(ignored)],
  ];
  return [
    ...findings.flatMap((finding) => [
      `${style.red(style.symbols.no)} ${MEANING[finding.kind]}`,
      ...fieldLines(findingFields(finding), style, '    '),
    ]),
    ...abandoned.flatMap(({ call, client, jti }) => [
      `${style.dim(style.symbols.open)} a signature that never became a token`,
      ...fieldLines([['client', client], ['token', jti], ...callFields(call)], style, '    '),
    ]),
    ...(findings.length + abandoned.length === 0 ? [] : ['']),
    `${verdict} in environment ${env}`,
    ...fieldLines(fields, style),
  ].join('\n');
}

function leftOut({ unsigned, otherKeys, duplicates, outside }: Reconciliation['ignored']): string | undefined {
  const parts = [
    unsigned === 0 ? '' : `${counted(unsigned, 'call')} refused or dry`,
    otherKeys === 0 ? '' : `${counted(otherKeys, 'call')} of other keys`,
    duplicates === 0 ? '' : counted(duplicates, 'duplicate'),
    outside === 0 ? '' : `${counted(outside, 'signature')} outside of that time`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

function findingFields({ client, jti, expected, call }: ReconcileFinding): Field[] {
  return [['client', client], ['token', jti], ['expected', expected], ...(call === undefined ? [] : callFields(call))];
}

function callFields({ at, principal, keyArn, requestId, eventId }: Call): Field[] {
  return [
    ['signed', `${formatMillis(at)} by ${principal}`],
    ['key', keyArn],
    ['request', requestId],
    ['event', eventId],
  ];
}

/** Fields are only ever added; what is absent is null. */
export function reconciliationJson(result: Reconciliation): object {
  const { from, until, matched, grants, abandoned, findings, unjudged, ignored } = result;
  return {
    ok: findings.length === 0,
    from: formatMillis(from),
    until: formatMillis(until),
    matched,
    grants,
    abandoned: abandoned.map(({ call, client, jti }) => ({ client, jti, ...callJson(call) })),
    findings: findings.map(({ kind, client = null, jti = null, expected = null, call }) => ({
      kind,
      meaning: MEANING[kind],
      client,
      jti,
      expected,
      ...callJson(call),
    })),
    unjudged,
    ignored,
  };
}

function callJson(call: Call | undefined): object {
  return {
    signedAt: call === undefined ? null : formatMillis(call.at),
    principal: call?.principal ?? null,
    keyArn: call?.keyArn ?? null,
    requestId: call?.requestId ?? null,
    eventId: call?.eventId ?? null,
  };
}
