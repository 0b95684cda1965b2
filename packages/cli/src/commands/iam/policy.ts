/** What an IAM policy consists of, as far as apikey writes one. */

/** `Sid`, `Effect` and so on are IAM's own names (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html). */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** A statement, and why the role needs it. */
export interface Grant {
  readonly statement: Statement;
  readonly reason: string;
}

/** Where an environment lies. A part that is not on AWS is absent. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly table: string | undefined;
  readonly aliasBase: string | undefined;
  /** That of the keys for seals. */
  readonly sealAliasBase: string | undefined;
}

export function tableArn({ partition, region, account }: Place, table: string): string {
  return `arn:${partition}:dynamodb:${region}:${account}:table/${table}`;
}

/** All keys of the account and Region, or those with such ids; conditions say which of them. */
export function keysArn({ partition, region, account }: Place, ids = '*'): string {
  return `arn:${partition}:kms:${region}:${account}:key/${ids}`;
}

export function aliasArn({ partition, region, account }: Place, aliasBase: string): string {
  return `arn:${partition}:kms:${region}:${account}:${aliasBase}/*`;
}

export function allow(
  Sid: string,
  reason: string,
  Action: readonly string[],
  Resource: Statement['Resource'],
  Condition?: Statement['Condition'],
): Grant {
  const statement = { Sid, Effect: 'Allow' as const, Action, Resource };
  return { reason, statement: Condition === undefined ? statement : { ...statement, Condition } };
}
