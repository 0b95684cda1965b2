/** Key ARNs, which are the only names of KMS keys that apikey keeps; and the patterns that say which may be trusted. */
import { InvalidStateError } from '../../ports/errors.ts';

export interface KeyArn {
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** The part behind `key/`. */
  readonly id: string;
  /** Whether replicas in other Regions have the same id and the same key pair. */
  readonly multiRegion: boolean;
}

const KEY_ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):key\/((mrk-)?[a-zA-Z0-9-]{1,128})$/;

/** A ring's `ref` as a key ARN; absent for an alias, a bare key id, and everything else. */
export function parseKeyArn(ref: string): KeyArn | undefined {
  const match = KEY_ARN.exec(ref);
  if (match === null) return undefined;
  const [arn, partition = '', region = '', account = '', id = '', mrk] = match;
  return { arn, partition, region, account, id, multiRegion: mrk !== undefined };
}

/** Throws `InvalidStateError` for a ring entry that names no KMS key. */
export function requireKeyArn(ref: string): KeyArn {
  const arn = parseKeyArn(ref);
  if (arn !== undefined) return arn;
  throw new InvalidStateError('STORE_DAMAGED', 'the key ring names something that is no KMS key', {
    why: 'a key of this environment is named by its ARN, arn:aws:kms:<region>:<account>:key/<id>',
    fix: 'check that registry and keys of the environment belong together',
  });
}

/** The name of the same multi-Region key in another Region. */
export function replicaArn({ partition, account, id }: KeyArn, region: string): string {
  return `arn:${partition}:kms:${region}:${account}:key/${id}`;
}

/** Key ids may be `*` (all keys of an account in one Region) or `mrk-*` (its multi-Region keys); nothing else may. */
const PATTERN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(?:(?:mrk-)?\*|[a-zA-Z0-9-]{1,128})$/;

/**
 * Whether a key may be used, by a list of ARNs in which only the key id may be `*` or `mrk-*`. Partition, Region and
 * account always have to be the same. Throws `TypeError` for an empty list and for any other pattern.
 */
export function keyAllowList(patterns: readonly string[]): (key: KeyArn) => boolean {
  if (patterns.length === 0)
    throw new TypeError('allow must name at least one key ARN: it says whose keys are trusted');
  for (const pattern of patterns) {
    if (!PATTERN.test(pattern)) {
      throw new TypeError(
        `allow: ${JSON.stringify(pattern)} is not a key ARN like arn:aws:kms:us-east-1:111122223333:key/* ` +
          '(no alias, and * only as the whole key id or in mrk-*)',
      );
    }
  }
  return ({ arn }) =>
    patterns.some((pattern) => (pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern));
}
