/** `apikey keys export`: the public keys as a JSON Web Key Set. */
import { exportJwks } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { parseRing } from './ring.ts';

export async function run({ flags }: Invocation, { terminal, settings: read }: Context): Promise<number> {
  const ring = parseRing(flags);
  const { registry, publicKeys } = await openForReading(await read());
  try {
    terminal.printPublicKeys(await exportJwks({ registry, keys: publicKeys }, ring));
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}
