/** What the KMS key provider does when keys are wrong, calls fail, or the clock is off. */
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyCommand,
  ListResourceTagsCommand,
  type CreateKeyCommandInput,
} from '@aws-sdk/client-kms';
import { createPublicKey, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { awsError, type WireCall, type WireFault } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { aliasOf, kmsInspector, kmsPublicKeys, type KmsInspector } from '../src/aws/kms/index.ts';
import { sha256Hex } from '../src/jose/digest.ts';
import { thumbprint } from '../src/jose/thumbprint.ts';
import type { KeyProvider } from '../src/ports/index.ts';
import { collect } from '../src/testing/index.ts';
import { awsWorld, IMPATIENT, type AwsWorld } from './aws-world.fixture.ts';

const aws = await awsForTests();
const INPUT = new TextEncoder().encode('header.payload');
const ACCOUNT = 'arn:aws:kms:us-east-1:111122223333';

function first(operation: string, fault: WireFault, count = 1): (call: WireCall) => WireFault | undefined {
  return (call) => (call.operation === operation && call.nth <= count ? fault : undefined);
}
function every(operation: string, fault: WireFault): (call: WireCall) => WireFault | undefined {
  return first(operation, fault, Number.POSITIVE_INFINITY);
}

describeOnEmulator(aws, 'the KMS key provider, on a bad day', (endpoint) => {
  let world: AwsWorld;
  let keys: KeyProvider;
  let inspector: KmsInspector;
  let ref: string;
  const rawKey = async (input: CreateKeyCommandInput): Promise<string> => {
    const { KeyMetadata } = await world.directKms.send(new CreateKeyCommand(input));
    return KeyMetadata?.Arn ?? '';
  };

  beforeAll(async () => {
    world = await awsWorld(aws, endpoint);
    keys = world.keys();
    inspector = kmsInspector({ client: world.kmsClient, timing: IMPATIENT });
    ({ ref } = await keys.create('ES256'));
  });
  beforeEach(() => world.proxy.plan(() => undefined));
  afterAll(async () => world.stop());

  it('names a new key by its thumbprint, and tags it from the first moment', async () => {
    const aliasBase = `alias/named-${randomUUID()}`;
    const made = await world.keys({ aliasBase, tags: { team: 'edge' }, description: 'for tests' }).create('ES384');
    const alias = aliasOf(aliasBase, thumbprint(made.publicKey));
    expect(alias).toMatch(/^alias\/named-[0-9a-f-]+\/[A-Za-z0-9_-]{12}$/);
    const { KeyMetadata } = await world.directKms.send(new DescribeKeyCommand({ KeyId: alias }));
    expect(KeyMetadata).toMatchObject({ Arn: made.ref, KeySpec: 'ECC_NIST_P384', Description: 'for tests (ES384)' });
    const { Tags } = await world.directKms.send(new ListResourceTagsCommand({ KeyId: made.ref }));
    expect(Tags).toEqual(
      expect.arrayContaining([
        { TagKey: 'apikey:keys', TagValue: aliasBase },
        { TagKey: 'team', TagValue: 'edge' },
      ]),
    );
    const listed = await collect(inspector.aliases(aliasBase));
    expect(listed).toEqual([{ name: alias, keyId: made.ref.split('/').at(-1) }]);
  });

  it('says which request of KMS made a signature, and shows KMS no claims', async () => {
    let message = '';
    world.proxy.plan(({ operation, body }) => {
      if (operation === 'Sign') message = body;
      return undefined;
    });
    const { requestId } = await keys.sign(ref, 'ES256', INPUT);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(message)).toEqual({
      KeyId: ref,
      Message: Buffer.from(sha256Hex(INPUT), 'hex').toString('base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
  });

  it('refuses what KMS would not read in full, before it is sent', async () => {
    const eddsa = await keys.create('EdDSA');
    world.proxy.plan(() => undefined);
    await expect(keys.sign(eddsa.ref, 'EdDSA', new Uint8Array(4_097))).rejects.toMatchObject({
      code: 'TOKEN_TOO_LARGE',
    });
    expect(world.proxy.calls).toEqual([]);
    expect((await keys.sign(eddsa.ref, 'EdDSA', new Uint8Array(4_096))).signature).toHaveLength(64);
    expect((await keys.sign(ref, 'ES256', new Uint8Array(5_000))).signature).toHaveLength(64);
  });

  it.each([
    ['Sign', () => keys.sign(ref, 'ES256', INPUT)],
    ['GetPublicKey', () => keys.publicKey(ref)],
    ['CreateKey', () => keys.create('ES256')],
    ['CreateAlias', () => keys.create('ES256')],
    ['DisableKey', () => keys.disable(ref)],
    ['ScheduleKeyDeletion', () => keys.scheduleDeletion(ref)],
    ['DescribeKey', () => inspector.describe(ref)],
    ['ListAliases', () => collect(inspector.aliases('alias/faults'))],
  ] as const)('names the caller and the permission when %s is denied', async (operation, call) => {
    const caller = 'arn:aws:sts::111122223333:assumed-role/dev/me';
    world.proxy.plan(every(operation, awsError('AccessDeniedException', `User: ${caller} is not authorized`)));
    await expect(call()).rejects.toMatchObject({
      name: 'AccessDeniedError',
      code: 'ACCESS_DENIED',
      message: 'access to the signing key was denied',
      why: expect.stringMatching(new RegExp(`^AccessDeniedException for ${caller} \\(kms:${operation} on `)),
    });
  });

  it('repeats a signature that is throttled, up to its patience', async () => {
    world.proxy.plan(first('Sign', awsError('ThrottlingException'), 2));
    expect((await keys.sign(ref, 'ES256', INPUT)).signature).toHaveLength(64);
    world.proxy.plan(every('Sign', awsError('ThrottlingException')));
    await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ name: 'ThrottledError' });
  });

  it.each([
    ['KMSInternalException', 500, 'UNAVAILABLE'],
    ['DependencyTimeoutException', 503, 'UNAVAILABLE'],
    ['KeyUnavailableException', 500, 'UNAVAILABLE'],
    ['DisabledException', 409, 'WRONG_STATE'],
    ['KMSInvalidStateException', 400, 'WRONG_STATE'],
    ['InvalidKeyUsageException', 400, 'WRONG_STATE'],
    ['NotFoundException', 400, 'KEY_NOT_FOUND'],
    ['ExpiredTokenException', 400, 'CREDENTIALS_MISSING'],
    ['RequestTimeTooSkewed', 403, 'CLOCK_SKEW'],
  ])('translates %s', async (name, status, code) => {
    world.proxy.plan(every('Sign', awsError(name, 'a text of the vendor', status)));
    const error = await keys.sign(ref, 'ES256', INPUT).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, cause: expect.anything() });
    expect(JSON.stringify(error)).not.toContain('a text of the vendor');
  });

  it('hands out no signature while the local clock is a minute off', async () => {
    const dated = (offset: number): WireFault => ({
      kind: 'rewrite',
      answer: (body) => body,
      headers: { date: new Date(Date.now() + offset).toUTCString() },
    });
    world.proxy.plan(every('Sign', dated(90_000)));
    await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({
      code: 'CLOCK_SKEW',
      why: expect.stringMatching(/^it is (?:89|90) seconds behind the clock of AWS$/),
    });
    world.proxy.plan(every('Sign', dated(-90_000)));
    await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({
      code: 'CLOCK_SKEW',
      why: expect.stringMatching(/ ahead of the clock of AWS$/),
    });
    world.proxy.plan(every('Sign', dated(50_000)));
    await keys.sign(ref, 'ES256', INPUT);
    world.proxy.plan(() => undefined);
    const late = world.keys({ clock: { now: () => Date.now() + 120_000 } });
    await expect(late.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ code: 'CLOCK_SKEW' });
  });

  it.each([
    ['no DER', Buffer.alloc(64, 1)],
    ['DER with a needless zero', Buffer.from('30080203000001020101', 'hex')],
    ['the signature of a longer curve', Buffer.from(`3066023100${'11'.repeat(48)}023100${'11'.repeat(48)}`, 'hex')],
  ])('takes %s for no signature', async (_what, bytes) => {
    const body = JSON.stringify({ KeyId: ref, Signature: bytes.toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' });
    world.proxy.plan(every('Sign', { kind: 'answer', status: 200, body }));
    await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it('takes no answer about another key', async () => {
    const other = `${ACCOUNT}:key/${randomUUID()}`;
    const answer = (body: string): string => body.replaceAll(ref, other);
    world.proxy.plan(() => ({ kind: 'rewrite', answer }));
    await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
    await expect(keys.publicKey(ref)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it.each([
    ['for encryption', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['without a public half', { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['on a curve that apikey does not know', { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' }],
  ] as const)('takes no key %s', async (_what, input) => {
    const strange = await rawKey(input);
    await expect(keys.publicKey(strange)).rejects.toMatchObject({ name: 'InvalidStateError' });
    if (input.KeyUsage === 'SIGN_VERIFY') return;
    await expect(keys.sign(strange, 'ES256', INPUT)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it.each(['alias/apikey-prod', 'file:abc', '', `${ACCOUNT}:alias/apikey`, `${ACCOUNT}:key/a b`])(
    'sends nothing for a ring entry that is no key ARN: %s',
    async (name) => {
      const wrong = { name: 'InvalidStateError', code: 'STORE_DAMAGED' };
      await expect(keys.publicKey(name)).rejects.toMatchObject(wrong);
      await expect(keys.sign(name, 'ES256', INPUT)).rejects.toMatchObject(wrong);
      await expect(keys.disable(name)).rejects.toMatchObject(wrong);
      expect(world.proxy.calls).toEqual([]);
    },
  );

  it('makes one key when nothing is heard of it, rather than a second that nobody asked for', async () => {
    world.proxy.plan(every('CreateKey', { kind: 'lose' }));
    await expect(keys.create('ES256')).rejects.toMatchObject({ name: 'UnavailableError', outcome: 'unknown' });
    expect(world.proxy.calls).toEqual(['CreateKey']);
  });

  it('waits until all of KMS knows a new key', async () => {
    world.proxy.plan(({ operation, nth }) =>
      nth === 1 && (operation === 'GetPublicKey' || operation === 'CreateAlias')
        ? awsError('NotFoundException')
        : undefined,
    );
    const made = await keys.create('ES256');
    expect(world.proxy.calls).toEqual(['CreateKey', 'GetPublicKey', 'GetPublicKey', 'CreateAlias', 'CreateAlias']);
    await keys.sign(made.ref, 'ES256', INPUT);
  });

  it('knows its own alias when the answer to its creation was lost', async () => {
    world.proxy.plan(first('CreateAlias', { kind: 'lose' }));
    await keys.create('ES256');
    expect(world.proxy.calls).toEqual(['CreateKey', 'GetPublicKey', 'CreateAlias', 'CreateAlias', 'DescribeKey']);
  });

  it('does not take an alias that names another key', async () => {
    world.proxy.plan(({ operation, body }) => {
      if (operation !== 'CreateAlias') return undefined;
      const { AliasName } = JSON.parse(body) as { AliasName: string };
      void world.directKms.send(new CreateAliasCommand({ AliasName, TargetKeyId: ref }));
      return awsError('AlreadyExistsException');
    });
    await expect(keys.create('ES256')).rejects.toMatchObject({ code: expect.any(String) });
  });

  it('says so when KMS does not offer an algorithm', async () => {
    world.proxy.plan(every('CreateKey', awsError('UnsupportedOperationException')));
    await expect(keys.create('ML-DSA-44')).rejects.toMatchObject({ code: 'INVALID_ALG' });
    // An endpoint that is older than the key spec says it so.
    world.proxy.plan(every('CreateKey', awsError('ValidationException', "Value 'ML_DSA_44' at 'keySpec'")));
    await expect(keys.create('ML-DSA-44')).rejects.toMatchObject({ code: 'INVALID_ALG' });
  });

  it('takes a key that can no longer sign as disabled, and one that waits for its end as scheduled', async () => {
    const made = await keys.create('ES256');
    await keys.scheduleDeletion(made.ref);
    // The emulator allows both; AWS does not (key state table of the KMS developer guide).
    world.proxy.plan(({ operation }) =>
      operation === 'DescribeKey'
        ? undefined
        : awsError('KMSInvalidStateException', `${made.ref} is pending deletion.`),
    );
    await keys.scheduleDeletion(made.ref);
    await keys.disable(made.ref);
    const facts = await inspector.describe(made.ref);
    expect(facts).toMatchObject({ state: 'PendingDeletion', usage: 'SIGN_VERIFY', spec: 'ECC_NIST_P256' });
    expect(facts.deletionAt).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  it('gives no public key of a disabled key on AWS, where KMS refuses to', async () => {
    // The emulator is more generous: AWS answers DisabledException (key state table of the KMS developer guide).
    world.proxy.plan(every('GetPublicKey', awsError('DisabledException', '', 409)));
    await expect(keys.publicKey(ref)).rejects.toMatchObject({ name: 'InvalidStateError', code: 'WRONG_STATE' });
  });

  it('asks whether it may sign without signing', async () => {
    world.proxy.plan(({ operation, body }) => {
      if (operation !== 'Sign') return undefined;
      // The emulator knows no DryRun; this is what AWS answers.
      return body.includes('"DryRun":true') ? awsError('DryRunOperationException', '', 412) : undefined;
    });
    await inspector.canSign(ref, 'ES256');
    const made = await keys.create('ES256');
    await keys.disable(made.ref);
    world.proxy.plan(() => undefined);
    await expect(inspector.canSign(made.ref, 'ES256')).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await world.directKms.send(new EnableKeyCommand({ KeyId: made.ref }));
    await inspector.canSign(made.ref, 'ES256');
  });

  it('fetches for an authorizer what its list allows, and asks KMS for nothing else', async () => {
    const source = kmsPublicKeys({ client: world.kmsClient, allow: [`${ACCOUNT}:key/*`] });
    expect((await source.publicKey(ref)).asymmetricKeyType).toBe('ec');
    world.proxy.plan(() => undefined);
    const foreign = [
      ref.replace('111122223333', '444455556666'),
      ref.replace('us-east-1', 'eu-west-1'),
      ref.replace('arn:aws:', 'arn:aws-cn:'),
      ref.replace('key/', 'alias/'),
      ref.split('/').at(-1) ?? '',
      'https://keys.example.test/',
    ];
    for (const name of foreign) {
      await expect(source.publicKey(name)).rejects.toMatchObject({ name: 'AccessDeniedError', code: 'ACCESS_DENIED' });
    }
    expect(world.proxy.calls).toEqual([]);
    const only = kmsPublicKeys({ client: world.kmsClient, allow: [ref] });
    await only.publicKey(ref);
    await expect(only.publicKey(`${ACCOUNT}:key/${randomUUID()}`)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('leaves a fetch at once when its authorizer gives up', async () => {
    world.proxy.plan(() => ({ kind: 'hang' }));
    const reason = new Error('the decision is late');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const source = kmsPublicKeys({ client: world.kmsClient, allow: [`${ACCOUNT}:key/*`] });
    await expect(source.publicKey(ref, controller.signal)).rejects.toBe(reason);
  });

  it('imports public keys that other libraries read', async () => {
    const { publicKey } = await keys.create('ES256');
    expect(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).equals(publicKey)).toBe(true);
  });
});
