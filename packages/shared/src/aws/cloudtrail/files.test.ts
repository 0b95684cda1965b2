import { mkdirSync, mkdtempSync, rmSync, writeFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudTrailFiles, findCloudTrailFiles } from './files.ts';

/** The form of the AWS KMS Developer Guide, "Sign" log entries. */
const SIGN = {
  eventVersion: '1.08',
  userIdentity: {
    type: 'AssumedRole',
    principalId: 'EX_PRINCIPAL_ID:me',
    arn: 'arn:aws:sts::111122223333:assumed-role/dev/me',
    accountId: '111122223333',
  },
  eventTime: '2027-02-01T22:36:44Z',
  eventSource: 'kms.amazonaws.com',
  eventName: 'Sign',
  awsRegion: 'us-west-2',
  sourceIPAddress: '192.0.2.0',
  requestParameters: {
    messageType: 'DIGEST',
    keyId: 'alias/apikey-prod',
    signingAlgorithm: 'ECDSA_SHA_256',
  },
  responseElements: null,
  requestID: '8d0b35e0-46cf-48b9-be99-bf2ebc9ab9fb',
  eventID: '107b3cac-b125-4556-9702-12a2b9afcff7',
  readOnly: true,
  resources: [
    {
      accountId: '111122223333',
      type: 'AWS::KMS::Key',
      ARN: 'arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
    },
  ],
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
};
const OTHER = { ...SIGN, eventName: 'Decrypt', eventTime: '2027-02-01T22:40:00Z' };
const READ = {
  requestId: '8d0b35e0-46cf-48b9-be99-bf2ebc9ab9fb',
  eventId: '107b3cac-b125-4556-9702-12a2b9afcff7',
  at: Date.parse('2027-02-01T22:36:44Z'),
  principal: 'arn:aws:sts::111122223333:assumed-role/dev/me',
  keyArn: 'arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
  signed: true,
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apikey-trail-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const log = (...records: object[]): string => JSON.stringify({ Records: records });
const read = async (...paths: string[]): Promise<unknown[]> =>
  Array.fromAsync(cloudTrailFiles(await findCloudTrailFiles(paths)));

describe('CloudTrail log files', () => {
  it('are read as delivered, plain or compressed; of other calls the time alone', async () => {
    const entries = [READ, { at: Date.parse(OTHER.eventTime) }];
    expect(await read(file('a.json', log(SIGN, OTHER)))).toEqual(entries);
    expect(await read(file('a.json.gz', gzipSync(log(SIGN, OTHER))))).toEqual(entries);
    expect(await read(file('without-suffix', gzipSync(log(SIGN, OTHER))))).toEqual(entries);
  });

  it('are found in folders by date, without the digests beside them', async () => {
    const day = join(folder, 'AWSLogs/111122223333/CloudTrail/us-west-2/2027/02/01');
    const digests = join(folder, 'AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2027/02/01');
    mkdirSync(day, { recursive: true });
    mkdirSync(digests, { recursive: true });
    writeFileSync(join(day, '111122223333_CloudTrail_us-west-2_20270201T2235Z_aaaa.json.gz'), gzipSync(log(SIGN)));
    writeFileSync(join(digests, 'digest.json.gz'), gzipSync('{"digestS3Bucket":"trail"}'));
    expect(await read(folder)).toEqual([READ]);
  });

  it('are found behind links as well, and in a folder that is itself called after the digests', async () => {
    const day = join(folder, 'CloudTrail-Digest-and-logs');
    mkdirSync(day);
    symlinkSync(file('elsewhere.txt', log(SIGN)), join(day, 'linked.json'));
    expect(await read(day)).toEqual([READ]);
    symlinkSync(join(folder, 'nowhere'), join(day, 'dangling.json'));
    await expect(read(day)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('name the key by its ARN, not by what the caller called it', async () => {
    const resources = [{ ARN: 'arn:aws:iam::111122223333:role/any' }, ...SIGN.resources];
    const aliased = { ...SIGN, requestParameters: { keyId: 'alias/apikey-prod' }, resources };
    expect(await read(file('a.json', log(aliased)))).toEqual([READ]);
  });

  it('tell a refused call and a dry run from a signature', async () => {
    const dryRun = { ...SIGN, errorCode: 'DryRunOperationException' };
    const denied = { ...SIGN, errorCode: 'AccessDenied', requestParameters: null, resources: undefined };
    expect(await read(file('a.json', log(dryRun, denied)))).toMatchObject([
      { signed: false },
      { signed: false, keyArn: '' },
    ]);
  });

  it('name the service where a service called', async () => {
    const service = { ...SIGN, userIdentity: { type: 'AWSService', invokedBy: 'acm.amazonaws.com' } };
    expect(await read(file('a.json', log(service)))).toMatchObject([{ principal: 'acm.amazonaws.com' }]);
  });

  it.each([
    ['cut off while it was copied', gzipSync(log(SIGN)).subarray(0, 60)],
    ['empty', ''],
    ['not JSON', '{"Records": ['],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['JSON of another form', '[]'],
    ['a record without a time', log({ ...SIGN, eventTime: undefined })],
    ['a record of an impossible time', log({ ...SIGN, eventTime: '2027-02-31T99:00:00Z' })],
    ['a signature without its request id', log({ ...SIGN, requestID: undefined })],
  ])('are an error if %s, whatever else is there', async (_, content) => {
    await expect(read(file('good.json', log(SIGN)), file('bad.json.gz', content))).rejects.toMatchObject({
      code: 'EVIDENCE_DAMAGED',
    });
  });

  it('are an error where there are none', async () => {
    await expect(read(folder)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(read(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});
