/** What `apikey issue` says about a token, or about the one it would issue. */
import { formatSeconds, type IssuedToken, type IssuePlan, type TokenRecord } from '@apikey/shared';
import type { Settings } from '../../config/resolve.ts';
import type { Destination } from '../../delivery/destination.ts';
import { deliveredWords, deliveryPlan, verifyCommand } from '../../delivery/words.ts';
import { environmentLine, sameEnvironment } from '../../environment-words.ts';
import { FUTURE_KID } from '../../preview-registry.ts';
import { places } from '../../set-up.ts';
import { distance } from '../../terminal/distance.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import { issuedJson, type IssuedJson } from '../../token-json.ts';

export function issuedWords(
  issued: IssuedToken,
  settings: Settings,
  destination: Destination,
  now: number,
  style: Style,
): string {
  const { record, registersClient, resumes } = issued;
  const env = sameEnvironment(settings);
  return [
    `${style.green('Issued')} a token for ${style.bold(record.client)}${registersClient ? ', a new client' : ''}` +
      (resumes ? ', finishing an earlier request' : ''),
    ...fieldLines([['jti', record.jti], ['kid', record.kid], ...commonFields(record, settings, now)], style),
    deliveredWords(destination, issued),
    `Next: ${verifyCommand(destination, issued, env)}, or apikey revoke${env} ${record.jti}`,
  ].join('\n');
}

export function planWords(
  { record, alg, registersClient, resumes }: IssuePlan,
  settings: Settings,
  setsUp: boolean,
  destination: Destination,
  now: number,
  style: Style,
): string {
  return [
    `${style.bold('Dry run')}, nothing is changed. This would`,
    ...(setsUp
      ? [`  set up environment ${settings.env.value} with a first signing key (${alg}) in ${places(settings)}`]
      : []),
    ...(registersClient ? [`  register client ${record.client}`] : []),
    resumes ? `  finish the pending token ${record.jti} of ${record.client}` : `  issue a token for ${record.client}`,
    ...fieldLines(
      [
        ['kid', record.kid === FUTURE_KID ? 'that of the new key' : record.kid],
        ['alg', alg],
        ...commonFields(record, settings, now),
      ],
      style,
      '    ',
    ),
    `  hand it over ${deliveryPlan(destination)}`,
  ].join('\n');
}

/** What is told of a token whether it was made or would be. */
export function commonFields(
  { scopes, aud, note, exp, nbf }: TokenRecord,
  settings: Settings,
  now: number,
  env: string = environmentLine(settings),
): Field[] {
  const moment = (seconds: number): string => `${formatSeconds(seconds)} (${distance(seconds, now)})`;
  return [
    ['env', env],
    ['scopes', scopes.length === 0 ? undefined : scopes.join(' ')],
    ['audience', aud.join(' ')],
    ['note', note],
    ['begins', nbf === undefined ? undefined : moment(nbf)],
    ['expires', moment(exp)],
  ];
}

interface PlanJson extends Omit<IssuedJson, 'jti' | 'kid'> {
  readonly dryRun: true;
  readonly env: string;
  readonly setsUp: boolean;
  readonly registersClient: boolean;
  readonly resumes: boolean;
  /** Known beforehand only where a pending token is finished. */
  readonly jti: string | null;
  /** Null where the key is still to be made. */
  readonly kid: string | null;
  readonly alg: string;
}

export function planJson(plan: IssuePlan, settings: Settings, setsUp: boolean): PlanJson {
  const { record, alg, registersClient, resumes } = plan;
  return {
    dryRun: true,
    env: settings.env.value,
    setsUp,
    registersClient,
    resumes,
    ...issuedJson(record),
    jti: resumes ? record.jti : null,
    kid: record.kid === FUTURE_KID ? null : record.kid,
    alg,
  };
}
