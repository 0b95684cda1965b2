/** The one table of signature algorithms: what JOSE, KMS, JWK and node:crypto call each, and how long its signatures are. */
import { generateKeyPairSync } from 'node:crypto';

type ShaBits = 256 | 384 | 512;
type KmsKeySpec =
  | `ECC_NIST_P${256 | 384 | 521}`
  | `RSA_${2048 | 3072 | 4096}`
  | 'ECC_NIST_EDWARDS25519'
  | `ML_DSA_${44 | 65 | 87}`;
type KmsSigningAlgorithm =
  | `ECDSA_SHA_${ShaBits}`
  | `RSASSA_${'PKCS1_V1_5' | 'PSS'}_SHA_${ShaBits}`
  | 'ED25519_SHA_512'
  | 'ML_DSA_SHAKE_256';

/** What AWS KMS calls the algorithm. New keys get the first key spec. With RAW, KMS reads at most 4,096 bytes. */
export interface KmsNames {
  readonly keySpecs: readonly [KmsKeySpec, ...KmsKeySpec[]];
  readonly signingAlgorithm: KmsSigningAlgorithm;
  readonly messageType: 'DIGEST' | 'RAW';
}

type Digest = `sha${ShaBits}`;

/** ECDSA (RFC 7518 section 3.4): signatures are r||s, each padded to the coordinate size. */
export interface EcAlgorithm {
  readonly kty: 'EC';
  readonly crv: 'P-256' | 'P-384' | 'P-521';
  readonly keyType: 'ec';
  /** node:crypto's (OpenSSL's) name of the curve. */
  readonly namedCurve: string;
  readonly digest: Digest;
  readonly coordinateBytes: 32 | 48 | 66;
  readonly signatureBytes: number;
  readonly kms: KmsNames;
  readonly canSign: boolean;
}

/** RSA (RFC 7518 sections 3.3 and 3.5): signatures are as long as the modulus. */
export interface RsaAlgorithm {
  readonly kty: 'RSA';
  readonly keyType: 'rsa';
  readonly digest: Digest;
  readonly padding: 'pkcs1' | 'pss';
  /** PSS only: as long as the digest, which is also MGF1's. */
  readonly saltBytes: number;
  readonly minModulusBits: number;
  readonly maxModulusBits: number;
  /** The size of new keys. */
  readonly newModulusBits: number;
  readonly signatureBytes: 'modulus';
  readonly kms: KmsNames;
  readonly canSign: boolean;
}

/** Ed25519 (RFC 8037); the algorithm hashes for itself. */
export interface OkpAlgorithm {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly keyType: 'ed25519';
  readonly digest: null;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
  readonly kms: KmsNames;
  readonly canSign: boolean;
}

/** ML-DSA with an empty context (RFC 9964); the algorithm hashes for itself. */
export interface AkpAlgorithm {
  readonly kty: 'AKP';
  readonly keyType: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';
  readonly digest: null;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
  readonly kms: KmsNames;
  readonly canSign: boolean;
}

export type Algorithm = EcAlgorithm | RsaAlgorithm | OkpAlgorithm | AkpAlgorithm;

/** What apikey signs with. */
export type SigningAlg = 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'EdDSA' | 'ML-DSA-44' | 'ML-DSA-65';
/** Every algorithm that can be verified. HS* and `none` cannot be written down in this type. */
export type Alg = SigningAlg | 'ES512' | 'RS384' | 'RS512' | 'PS384' | 'PS512' | 'ML-DSA-87';

const RSA = {
  kty: 'RSA',
  keyType: 'rsa',
  minModulusBits: 2048,
  maxModulusBits: 4096,
  newModulusBits: 3072,
  signatureBytes: 'modulus',
} as const;
const RSA_KEY_SPECS = ['RSA_3072', 'RSA_2048', 'RSA_4096'] as const;

type Table = { readonly [A in Alg]: Algorithm & { readonly canSign: A extends SigningAlg ? true : false } };

/* oxfmt-ignore */
const TABLE: Table = {
  ES256: {
    kty: 'EC', crv: 'P-256', keyType: 'ec', namedCurve: 'prime256v1',
    digest: 'sha256', coordinateBytes: 32, signatureBytes: 64, canSign: true,
    kms: { keySpecs: ['ECC_NIST_P256'], signingAlgorithm: 'ECDSA_SHA_256', messageType: 'DIGEST' },
  },
  ES384: {
    kty: 'EC', crv: 'P-384', keyType: 'ec', namedCurve: 'secp384r1',
    digest: 'sha384', coordinateBytes: 48, signatureBytes: 96, canSign: true,
    kms: { keySpecs: ['ECC_NIST_P384'], signingAlgorithm: 'ECDSA_SHA_384', messageType: 'DIGEST' },
  },
  ES512: {
    kty: 'EC', crv: 'P-521', keyType: 'ec', namedCurve: 'secp521r1',
    digest: 'sha512', coordinateBytes: 66, signatureBytes: 132, canSign: false,
    kms: { keySpecs: ['ECC_NIST_P521'], signingAlgorithm: 'ECDSA_SHA_512', messageType: 'DIGEST' },
  },
  RS256: {
    ...RSA, digest: 'sha256', padding: 'pkcs1', saltBytes: 0, canSign: true,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256', messageType: 'DIGEST' },
  },
  RS384: {
    ...RSA, digest: 'sha384', padding: 'pkcs1', saltBytes: 0, canSign: false,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_384', messageType: 'DIGEST' },
  },
  RS512: {
    ...RSA, digest: 'sha512', padding: 'pkcs1', saltBytes: 0, canSign: false,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_512', messageType: 'DIGEST' },
  },
  PS256: {
    ...RSA, digest: 'sha256', padding: 'pss', saltBytes: 32, canSign: true,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PSS_SHA_256', messageType: 'DIGEST' },
  },
  PS384: {
    ...RSA, digest: 'sha384', padding: 'pss', saltBytes: 48, canSign: false,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PSS_SHA_384', messageType: 'DIGEST' },
  },
  PS512: {
    ...RSA, digest: 'sha512', padding: 'pss', saltBytes: 64, canSign: false,
    kms: { keySpecs: RSA_KEY_SPECS, signingAlgorithm: 'RSASSA_PSS_SHA_512', messageType: 'DIGEST' },
  },
  EdDSA: {
    kty: 'OKP', crv: 'Ed25519', keyType: 'ed25519', digest: null, publicKeyBytes: 32, signatureBytes: 64, canSign: true,
    kms: { keySpecs: ['ECC_NIST_EDWARDS25519'], signingAlgorithm: 'ED25519_SHA_512', messageType: 'RAW' },
  },
  'ML-DSA-44': {
    kty: 'AKP', keyType: 'ml-dsa-44', digest: null, publicKeyBytes: 1312, signatureBytes: 2420, canSign: true,
    kms: { keySpecs: ['ML_DSA_44'], signingAlgorithm: 'ML_DSA_SHAKE_256', messageType: 'RAW' },
  },
  'ML-DSA-65': {
    kty: 'AKP', keyType: 'ml-dsa-65', digest: null, publicKeyBytes: 1952, signatureBytes: 3309, canSign: true,
    kms: { keySpecs: ['ML_DSA_65'], signingAlgorithm: 'ML_DSA_SHAKE_256', messageType: 'RAW' },
  },
  'ML-DSA-87': {
    kty: 'AKP', keyType: 'ml-dsa-87', digest: null, publicKeyBytes: 2592, signatureBytes: 4627, canSign: false,
    kms: { keySpecs: ['ML_DSA_87'], signingAlgorithm: 'ML_DSA_SHAKE_256', messageType: 'RAW' },
  },
};

/** The algorithms by their JOSE name (RFC 7518 section 3.1, RFC 8037, RFC 9964). */
export const ALGORITHMS: Readonly<Record<Alg, Algorithm>> = TABLE;

/** Whether a JOSE name, as found in a header or a configuration, is one that can be verified. */
export function isAlg(x: string): x is Alg {
  return Object.hasOwn(TABLE, x);
}

/** Whether a JOSE name is one that apikey signs with. */
export function isSigningAlg(x: string): x is SigningAlg {
  return isAlg(x) && TABLE[x].canSign;
}

/** Every name in the table, in its order. */
export function listAlgs(): Alg[] {
  return Object.keys(TABLE).filter((name) => isAlg(name));
}

const probed = new Map<Alg, boolean>();

/** Whether this runtime knows the algorithm: ML-DSA needs Node 24 with OpenSSL 3.5, everything else is always there. */
export function supportsAlg(alg: Alg): boolean {
  const { kty, keyType } = TABLE[alg];
  if (kty !== 'AKP') return true;
  const known = probed.get(alg) ?? canGenerate(keyType);
  probed.set(alg, known);
  return known;
}

function canGenerate(keyType: AkpAlgorithm['keyType']): boolean {
  try {
    generateKeyPairSync(keyType);
    return true;
  } catch {
    return false;
  }
}
