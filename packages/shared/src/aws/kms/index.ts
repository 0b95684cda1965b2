/** The KMS half of the AWS backend: signing keys for issuers, public keys for authorizers, facts for `doctor`. */
export { AUTHORIZER, INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
export { aliasOf, sealAliasBase } from './create.ts';
export type { KeyFacts } from './describe.ts';
export { kmsInspector, type KeyAlias, type KmsInspector } from './inspector.ts';
export { keyAllowList, parseKeyArn, type KeyArn } from './key-arn.ts';
export { KEYS_TAG, kmsKeyProvider, type KmsKeyProviderOptions } from './provider.ts';
export { kmsPublicKeys, type KmsPublicKeysOptions } from './public-keys.ts';
export type { KmsClient, KmsTarget } from './regions.ts';
export { MAX_RAW_BYTES } from './sign.ts';
