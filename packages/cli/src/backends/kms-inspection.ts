/** What `doctor` asks of KMS. */
import type { PublicKeySource } from '@apikey/shared';
import type { KmsInspector } from '@apikey/shared/kms';
import type { Settings } from '../config/resolve.ts';
import { kmsKeys } from './awskms.ts';

export type { KeyAlias, KeyFacts } from '@apikey/shared/kms';

export interface KmsInspection
  extends PublicKeySource, Pick<KmsInspector, 'describe' | 'canSign' | 'aliases' | 'tagged'> {
  /** The alias that a key of this environment must have, for policies to know it by. */
  aliasOf(kid: string): string;
  /** Account, Region and id of a key; absent for what is no key ARN. */
  parseArn(ref: string): { readonly account: string; readonly region: string; readonly id: string } | undefined;
}

export async function inspectKms(settings: Settings): Promise<KmsInspection> {
  const { aliasOf, kmsInspector, parseKeyArn } = await import('@apikey/shared/kms');
  const inspector = kmsInspector(settings.aws);
  const keys = kmsKeys(settings, { clock: { now: () => Date.now() } }, async () => false);
  return {
    describe: (ref) => inspector.describe(ref),
    canSign: (ref, alg) => inspector.canSign(ref, alg),
    aliases: (aliasBase) => inspector.aliases(aliasBase),
    tagged: (aliasBase, known) => inspector.tagged(aliasBase, known),
    publicKey: (ref, signal) => keys.publicKey(ref, signal),
    aliasOf: (kid) => aliasOf(settings.keys.place, kid),
    parseArn: parseKeyArn,
  };
}
