/** `apikey keys export`: the public keys as a JSON Web Key Set. */
import { exportJwks } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

export async function run(_: Invocation, { terminal, settings: read }: Context): Promise<number> {
  const { registry, publicKeys } = await openForReading(await read());
  try {
    terminal.printPublicKeys(await exportJwks({ registry, keys: publicKeys }));
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}
