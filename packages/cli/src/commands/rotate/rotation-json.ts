/** Rotations as JSON: a token as `issue` prints it, with what it replaces and until when that lives on. */
import { formatSeconds, type EpochSeconds, type IssuePlan, type TokenRecord } from '@apikey/shared';
import { issuedJson, type IssuedJson } from '../../token-json.ts';

export interface RotationJson extends IssuedJson {
  readonly env: string;
  readonly replaces: string | null;
  /** When the old token ends; where it is printed with the token, at the earliest. */
  readonly graceUntil: string;
}

export function rotationJson(record: TokenRecord, graceUntil: EpochSeconds, env: string): RotationJson {
  return { ...issuedJson(record), env, replaces: record.replaces ?? null, graceUntil: formatSeconds(graceUntil) };
}

export interface RotationPlanJson extends Omit<RotationJson, 'jti'> {
  readonly dryRun: true;
  /** Known beforehand only where a pending token is finished. */
  readonly jti: string | null;
  readonly alg: string;
  readonly resumes: boolean;
}

export function rotationPlanJson(
  { record, alg, resumes }: IssuePlan,
  graceUntil: EpochSeconds,
  env: string,
): RotationPlanJson {
  return { dryRun: true, ...rotationJson(record, graceUntil, env), jti: resumes ? record.jti : null, alg, resumes };
}
