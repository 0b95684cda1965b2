/** The seal that `apikey audit verify --seal` is given: read from a file, standard input or the registry, and verified. */
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import {
  AccessDeniedError,
  ApikeyError,
  importJwk,
  InvalidValueError,
  MAX_SEAL_LENGTH,
  NotFoundError,
  parseJsonObject,
  parseJwk,
  SEAL_RING,
  thumbprint,
  verifySeal,
  type AuditSource,
  type Finding,
  type PublicKeySource,
  type Registry,
  type SealStatement,
} from '@apikey/shared';
import { openPublicKeys, openSeals } from '../../backends.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { systemReason } from '../../failure.ts';
import { UsageError } from '../../usage-error.ts';

/** The word for the seal that is kept with the registry. */
const LATEST = 'latest';
const MAX_KEYS_BYTES = 1024 * 1024;

/** What a verified seal states; or the finding that it proves nothing. */
export interface GivenSeal {
  readonly kid: string;
  readonly statement: SealStatement | undefined;
  readonly findings: readonly Finding[];
}

/**
 * The seal that `--seal` names, if any. The key ring that it is held against comes from what is checked: the registry,
 * or an export of it. Throws `FILE_NOT_FOUND`, `SEAL_NOT_FOUND` and `INVALID_INPUT` where there is none, `SEAL_INVALID` for what is none or
 * was changed, and `SEAL_FOREIGN` for one of another environment.
 */
export async function readSeal(
  flags: FlagValues,
  source: Pick<AuditSource, 'stored'>,
  context: Context,
): Promise<GivenSeal | undefined> {
  const [seal, keysFile] = [flags.text('seal'), flags.text('sealKeys')];
  if (seal === undefined && keysFile !== undefined) {
    throw new UsageError('--seal-keys needs --seal', { fix: 'add --seal FILE' });
  }
  if (seal === undefined) return undefined;
  const settings = await context.settings();
  const text = await sealText(seal, settings, context);
  const rings = ringsOf(source);
  const environment = { name: settings.env.value, issuer: settings.issuer };
  const keptKeys = keysFile === undefined ? undefined : await keysOfFile(keysFile, context);
  const keys = keptKeys === undefined ? await openPublicKeys(settings) : noOthersThan(keysFile ?? '');
  const deps = { registry: rings, keys, environment, ...(keptKeys === undefined ? {} : { keptKeys }) };
  const verdict = await verifySeal(deps, text);
  const { kid } = verdict;
  if (verdict.trusted) return { kid, statement: verdict.statement, findings: [] };
  const note = `${verdict.what}: ${verdict.why}`;
  const finding: Finding = { aggregate: `ring:${SEAL_RING}`, kind: 'seal_untrusted', subject: kid, note };
  return { kid, statement: undefined, findings: [finding] };
}

type Rings = Pick<Registry, 'getRing'>;

function ringsOf(source: Pick<AuditSource, 'stored'>): Rings {
  return {
    getRing: async (id) => {
      const aggregate = (await source.stored({ kind: 'ring', id }))?.aggregate;
      return aggregate !== undefined && 'keys' in aggregate ? aggregate : undefined;
    },
  };
}

async function sealText(seal: string, settings: Settings, context: Context): Promise<string> {
  if (seal !== LATEST) return (await readFile(seal, MAX_SEAL_LENGTH, context)).toString('latin1');
  const latest = await (await openSeals(settings)).latest();
  if (latest !== undefined) return latest;
  throw new NotFoundError('SEAL_NOT_FOUND', `environment ${settings.env.value} keeps no seal`, {
    why: 'its audit log has never been sealed, or its seals were removed',
    fix: 'give the copy that is kept elsewhere: --seal FILE; or make the first one: apikey audit seal',
  });
}

/** Of what is too long, its beginning and one byte more. */
async function readFile(name: string, max: number, { io }: Context): Promise<Buffer> {
  if (name === '-') return readBounded(io.stdin.stream(), max);
  try {
    return await readBounded(createReadStream(resolve(io.cwd, name)), max);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const details = { why: systemReason(error), fix: 'name the file that holds it', cause: error };
    if ('code' in error && error.code === 'ENOENT') {
      throw new NotFoundError('FILE_NOT_FOUND', `there is no file ${name}`, details);
    }
    if ('code' in error && error.code === 'EISDIR') {
      throw new InvalidValueError('INVALID_INPUT', `${name} is a directory`, details);
    }
    throw new AccessDeniedError('ACCESS_DENIED', `cannot read ${name}`, details);
  }
}

async function readBounded(stream: Readable, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    // A line end may follow what is just short enough.
    if (length > max + 2) break;
  }
  return Buffer.concat(chunks);
}

/** The keys of a JWKS: a seal can be verified by them where KMS is out of reach, or the key ring is gone. */
async function keysOfFile(name: string, context: Context): Promise<ReadonlyMap<string, KeyObject>> {
  const bytes = await readFile(name, MAX_KEYS_BYTES, context);
  return new Map(jwksKeys(name, bytes).map((key) => [thumbprint(key), key]));
}

function noOthersThan(name: string): PublicKeySource {
  return {
    publicKey: async (ref) => {
      throw new NotFoundError('KEY_NOT_FOUND', `${name} does not hold the key of the seal`, {
        why: `the key ring calls it ${ref}; keys that were revoked are not exported`,
        fix: 'give a newer or an older copy of: apikey keys export --ring seal',
      });
    },
  };
}

function jwksKeys(name: string, bytes: Uint8Array): KeyObject[] {
  try {
    const { keys } = parseJsonObject(bytes);
    if (Array.isArray(keys)) return keys.map((key: unknown) => importJwk(parseJwk(key)));
  } catch (cause) {
    throw notKeys(name, cause);
  }
  throw notKeys(name);
}

function notKeys(name: string, cause?: unknown): ApikeyError {
  return new InvalidValueError('INVALID_INPUT', `${name} holds no public keys`, {
    why: 'it is not a JSON Web Key Set',
    fix: 'give the file that `apikey keys export --ring seal` wrote',
    cause,
  });
}
