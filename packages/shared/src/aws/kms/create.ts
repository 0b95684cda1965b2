/** Makes a signing key in KMS, and names it once its public half is known. */
import { CreateAliasCommand, CreateKeyCommand, type CreateKeyCommandInput, type KeySpec } from '@aws-sdk/client-kms';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALGORITHMS, supportsAlg, type SigningAlg } from '../../jose/algorithms.ts';
import { thumbprint } from '../../jose/thumbprint.ts';
import { AccessDeniedError, InvalidStateError, NotFoundError } from '../../ports/errors.ts';
import type { CreatedKey } from '../../ports/key-provider.ts';
import type { Timing } from '../client-settings.ts';
import type { Session } from '../session.ts';
import { text } from '../vendor-error.ts';
import { describeKey } from './describe.ts';
import { fetchPublicKey, unsuitable } from './public-key.ts';
import type { KmsClient } from './regions.ts';

export interface NewKeyOptions {
  readonly aliasBase: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  readonly multiRegion: boolean;
}

/** RSA keys take KMS a while, and a key that was made without anybody hearing of it costs a dollar a month. */
const CREATION: Timing = { connect: 1_500, attempt: 9_000, budget: 9_000, attempts: 3 };
const ALIAS_KID_CHARACTERS = 12;
/** KMS is eventually consistent: for some seconds, not every part of it knows a new key. */
const TRIES = 25;
const PAUSE = 200;

/** Keys for seals have aliases of their own, which no policy for keys of tokens matches. */
export function sealAliasBase(aliasBase: string): string {
  return `${aliasBase}-seal`;
}

/** `alias/<base>/<first 12 of kid>`. */
export function aliasOf(aliasBase: string, kid: string): string {
  return `${aliasBase}/${kid.slice(0, ALIAS_KID_CHARACTERS)}`;
}

/**
 * If it fails after the key was made, the key stays behind, unused; it signs nothing that is ever accepted, since no
 * ring names it.
 */
export async function createKey(
  session: Session<KmsClient>,
  alg: SigningAlg,
  options: NewKeyOptions,
): Promise<CreatedKey> {
  if (!supportsAlg(alg)) throw unsupported(alg);
  const ref = await makeKey(session, alg, options);
  const publicKey = await eventually(() => fetchPublicKey(session, ref));
  const alias = aliasOf(options.aliasBase, thumbprint(publicKey));
  // A policy lets a role name the key by its tag, which may be as new to KMS as the key.
  await eventually(
    () => nameKey(session, alias, ref),
    (error) => error instanceof AccessDeniedError,
  );
  return { ref, publicKey };
}

async function makeKey(session: Session<KmsClient>, alg: SigningAlg, options: NewKeyOptions): Promise<string> {
  const [spec] = ALGORITHMS[alg].kms.keySpecs;
  const input: CreateKeyCommandInput = {
    KeySpec: keySpec(spec),
    KeyUsage: 'SIGN_VERIFY',
    Description: `${options.description} (${alg})`,
    MultiRegion: options.multiRegion,
    Tags: Object.entries(options.tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
  };
  const { KeyMetadata } = await session.run(
    {
      action: 'kms:CreateKey',
      resource: `a new ${spec} key`,
      write: true,
      repeatable: false,
      timing: CREATION,
      // Without key material to name, "not found" or "wrong usage" mean that this KMS does not know the key spec.
      translate: (error) => (text(error, 'name') === 'ValidationException' ? unsupported(alg, error) : undefined),
    },
    (client, abortSignal) => client.send(new CreateKeyCommand(input), { abortSignal }),
  );
  if (KeyMetadata?.Arn === undefined) throw unsuitable('a new key', 'KMS did not say its ARN');
  return KeyMetadata.Arn;
}

async function nameKey(session: Session<KmsClient>, alias: string, arn: string): Promise<void> {
  const input = { AliasName: alias, TargetKeyId: arn };
  try {
    await session.run({ action: 'kms:CreateAlias', resource: arn, write: true }, (client, abortSignal) =>
      client.send(new CreateAliasCommand(input), { abortSignal }),
    );
  } catch (error) {
    // An attempt that got no answer may have made it.
    const exists = error instanceof Error && text(error.cause, 'name') === 'AlreadyExistsException';
    if (!exists || (await describeKey(session, alias)).arn !== arn) throw error;
  }
}

async function eventually<T>(work: () => Promise<T>, mayPass: (error: unknown) => boolean = () => false): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotFoundError || mayPass(error)) || tries === TRIES) throw error;
      await sleep(PAUSE);
    }
  }
}

const KEY_SPECS: ReadonlySet<string> = new Set(Object.values(ALGORITHMS).flatMap(({ kms }) => kms.keySpecs));

function keySpec(name: string): KeySpec {
  if (isKeySpec(name)) return name;
  throw new TypeError('not a KMS key spec');
}

function isKeySpec(name: string): name is KeySpec {
  return KEY_SPECS.has(name);
}

function unsupported(alg: SigningAlg, cause?: unknown): InvalidStateError {
  return new InvalidStateError('INVALID_ALG', `this environment cannot sign with ${alg}`, {
    why:
      cause === undefined
        ? 'this version of Node does not know it (ML-DSA needs Node 24)'
        : 'KMS does not offer it here',
    fix: 'choose another with --alg; ES256 is offered everywhere',
    cause,
  });
}
