/** What roles may do with the keys of an environment, which are known by their aliases: a new key needs no new policy. */
import { aliasArn, allow, keysArn, type Grant, type Place, type Statement } from './policy.ts';

export function fetchPublicKeys(place: Place): Grant[] {
  return onKeys(place, (base) => [
    allow(
      'FetchPublicKeys',
      'fetches the public halves of the keys that bear an alias of this environment',
      ['kms:GetPublicKey'],
      keysArn(place),
      byAlias(base),
    ),
  ]);
}

/** For those who verify tokens and seals. */
export function fetchAllPublicKeys(place: Place): Grant[] {
  return onKeys(place, (base, sealBase) => [
    allow(
      'FetchPublicKeys',
      'fetches the public halves of the keys that bear an alias of this environment, those for seals included',
      ['kms:GetPublicKey'],
      keysArn(place),
      byAlias(base, sealBase),
    ),
  ]);
}

/** The aliases of keys for seals match no pattern for keys of tokens, and the other way round. */
export function signSeals(place: Place): Grant[] {
  return onKeys(place, (_, sealBase) => [
    allow(
      'SignSeals',
      'signs seals, and checks what it signed, with the keys for seals of this environment: no token is ever signed by one',
      ['kms:GetPublicKey', 'kms:Sign'],
      keysArn(place),
      byAlias(sealBase),
    ),
  ]);
}

export function sign(place: Place): Grant[] {
  return onKeys(place, (base) => [
    allow(
      'SignTokens',
      'signs with the keys that bear an alias of this environment, and with no other',
      ['kms:Sign'],
      keysArn(place),
      byAlias(base),
    ),
  ]);
}

export function describeKeys(place: Place): Grant[] {
  return onKeys(place, (base) => [
    allow(
      'DescribeKeys',
      'finds the key of a grant by its alias, and lets `apikey doctor` compare the keys of the ring with KMS',
      ['kms:DescribeKey'],
      keysArn(place),
      byAlias(base),
    ),
    allow(
      'ListAliases',
      'lets `apikey doctor` find keys that no ring names; "*", since KMS lists the aliases of an account or none',
      ['kms:ListAliases'],
      '*',
    ),
  ]);
}

/** What the log of signatures is asked by `apikey audit reconcile --lookup`. */
export function lookUpSignatures(place: Place): Grant[] {
  return onKeys(place, () => [
    allow(
      'LookUpSignatures',
      'lets `apikey audit reconcile` ask CloudTrail who signed; "*", since the event history of an account is one',
      ['cloudtrail:LookupEvents'],
      '*',
    ),
  ]);
}

/**
 * A new key has no alias yet, so that its usage and its tag have to tell it apart. The tag is what lets a key get an
 * alias of the environment, which is what an issuer signs with: only a key that is being made may get the tag.
 */
export function makeKeys(place: Place, tag: string): Grant[] {
  return onKeys(place, (base, sealBase) => {
    const tagged = { [`aws:RequestTag/${tag}`]: [base, sealBase] };
    const usage = { 'kms:KeyUsage': 'SIGN_VERIFY' };
    return [
      allow(
        'CreateSigningKeys',
        'makes signing keys with the tag of this environment; "*", since a key has no name before it is made',
        ['kms:CreateKey'],
        '*',
        { StringEquals: { ...usage, ...tagged } },
      ),
      allow(
        'TagNewKeys',
        'gives a key its tag while it is made; "*" is what KMS requires for that',
        ['kms:TagResource'],
        '*',
        { StringEquals: tagged },
      ),
      neverTagOldKeys(place, tag),
      allow(
        'NameKeys',
        'gives aliases of this environment',
        ['kms:CreateAlias'],
        [aliasArn(place, base), aliasArn(place, sealBase)],
      ),
      allow(
        'NameTaggedKeys',
        'gives such an alias to a signing key with the tag of this environment, and to no other',
        ['kms:CreateAlias'],
        keysArn(place),
        { StringEquals: { ...usage, [`aws:ResourceTag/${tag}`]: [base, sealBase] } },
      ),
      allow(
        'ReadSigningKeys',
        'reads the public half that an alias is called by',
        ['kms:GetPublicKey'],
        keysArn(place),
        { StringEquals: usage },
      ),
      allow(
        'FindUnusedKeys',
        'finds the key of a grant by its alias, and lets `apikey doctor` read the tags of keys without an alias, and look at those that have the one of this environment',
        ['kms:DescribeKey', 'kms:ListResourceTags'],
        keysArn(place),
      ),
      allow(
        'ListKeysAndAliases',
        'lets `apikey doctor` find them; "*", since KMS lists all of an account or none',
        ['kms:ListAliases', 'kms:ListKeys'],
        '*',
      ),
    ];
  });
}

/** KMS checks the tags of a new key against `*` or `key/*`. A key that exists has an id, of which three characters are enough. */
function neverTagOldKeys(place: Place, tag: string): Grant {
  return {
    reason: 'a key that exists never gets the tag of this environment: it may be the key of another team',
    statement: {
      Sid: 'NeverTagOldKeys',
      Effect: 'Deny',
      Action: ['kms:TagResource'],
      Resource: keysArn(place, '???*'),
      Condition: { Null: { [`aws:RequestTag/${tag}`]: 'false' } },
    },
  };
}

/**
 * A key that is disabled or deleted takes all its tokens along. A denial is stronger than whatever else is allowed;
 * only for a break-glass role, named by its ARN, it does not hold.
 */
export function protectKeys(place: Place, breakGlassRoles: readonly string[]): Grant[] {
  return onKeys(place, () => {
    const statement: Statement = {
      Sid: 'NeverDisableOrDeleteKeys',
      Effect: 'Deny',
      Action: ['kms:DisableKey', 'kms:ScheduleKeyDeletion'],
      Resource: keysArn(place),
    };
    const reason = 'a key that is disabled or deleted takes all its tokens along';
    if (breakGlassRoles.length === 0) return [{ statement, reason }];
    const Condition = { ArnNotLike: { 'aws:PrincipalArn': breakGlassRoles } };
    return [{ statement: { ...statement, Condition }, reason: `${reason}; the break-glass role alone is exempt` }];
  });
}

/** At least one of a key's aliases has to be of this environment; a key without aliases is none of its keys. */
function byAlias(...aliasBases: readonly string[]): NonNullable<Statement['Condition']> {
  return { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': aliasBases.map((base) => `${base}/*`) } };
}

function onKeys(
  { aliasBase, sealAliasBase }: Place,
  grants: (aliasBase: string, sealAliasBase: string) => Grant[],
): Grant[] {
  return aliasBase === undefined || sealAliasBase === undefined ? [] : grants(aliasBase, sealAliasBase);
}
