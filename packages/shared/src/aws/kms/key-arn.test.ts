import { describe, expect, it } from 'vitest';
import { keyAllowList, parseKeyArn, replicaArn, requireKeyArn } from './key-arn.ts';

const ACCOUNT = 'arn:aws:kms:us-east-1:111122223333';
const KEY = `${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const MULTI = `${ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab`;

describe('key ARNs', () => {
  it('are read in full, in every partition', () => {
    expect(parseKeyArn(KEY)).toEqual({
      arn: KEY,
      partition: 'aws',
      region: 'us-east-1',
      account: '111122223333',
      id: '1234abcd-12ab-34cd-56ef-1234567890ab',
      multiRegion: false,
    });
    expect(parseKeyArn(MULTI)).toMatchObject({ multiRegion: true });
    expect(parseKeyArn(KEY.replace('aws', 'aws-us-gov'))).toMatchObject({ partition: 'aws-us-gov' });
  });

  it.each([
    '',
    'alias/a',
    `${ACCOUNT}:alias/a`,
    `${KEY}/`,
    `${KEY}\n`,
    ` ${KEY}`,
    `${ACCOUNT}:key/*`,
    KEY.replace('kms', 's3'),
  ])('are nothing like %j', (name) => {
    expect(parseKeyArn(name)).toBeUndefined();
    expect(() => requireKeyArn(name)).toThrow('names something that is no KMS key');
  });

  it('name the same multi-Region key elsewhere', () => {
    expect(replicaArn(requireKeyArn(MULTI), 'eu-west-1')).toBe(MULTI.replace('us-east-1', 'eu-west-1'));
  });
});

describe('the list of keys that are trusted', () => {
  const allows = (pattern: string, arn: string): boolean => keyAllowList([pattern])(requireKeyArn(arn));

  it('takes a key by its ARN, all of an account and Region, or its multi-Region keys', () => {
    expect(allows(KEY, KEY)).toBe(true);
    expect(allows(KEY, MULTI)).toBe(false);
    expect(allows(`${ACCOUNT}:key/*`, KEY)).toBe(true);
    expect(allows(`${ACCOUNT}:key/mrk-*`, MULTI)).toBe(true);
    expect(allows(`${ACCOUNT}:key/mrk-*`, KEY)).toBe(false);
  });

  it.each([
    ['partition', 'arn:aws:', 'arn:aws-cn:'],
    ['Region', 'us-east-1', 'us-east-11'],
    ['account', '111122223333', '111122223334'],
  ])('takes no key of another %s', (_what, from, to) => {
    expect(allows(`${ACCOUNT}:key/*`, KEY.replace(from, to))).toBe(false);
  });

  it.each([
    '*',
    'arn:aws:kms:*:111122223333:key/*',
    'arn:aws:kms:us-east-1:*:key/*',
    'arn:*:kms:us-east-1:111122223333:key/*',
    `${ACCOUNT}:*`,
    `${ACCOUNT}:alias/*`,
    `${ACCOUNT}:key/12*`,
    `${ACCOUNT}:key/`,
    `${KEY}\n`,
    '',
  ])('refuses the pattern %j when it is made', (pattern) => {
    expect(() => keyAllowList([KEY, pattern])).toThrow(TypeError);
  });

  it('has at least one entry', () => {
    expect(() => keyAllowList([])).toThrow(TypeError);
  });
});
