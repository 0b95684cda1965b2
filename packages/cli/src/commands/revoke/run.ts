/** `apikey revoke`: shows what will stop working, asks, ends it, and waits until that is in force everywhere. */
import { openBackend } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { planInForce, type InForcePlan } from './in-force.ts';
import { parseRevokeOptions, type RevokeOptions } from './options.ts';
import type { RevokeWork } from './work.ts';

export async function run(invocation: Invocation, context: Context): Promise<number> {
  const options = parseRevokeOptions(invocation);
  const settings = await context.settings();
  const deps = await openBackend(settings, context.io, 'existing');
  try {
    const work: RevokeWork = { ...context, deps, config: settings, env: settings.env.value };
    await revoke(options, work, await planInForce(options, work));
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

async function revoke(options: RevokeOptions, work: RevokeWork, inForce: InForcePlan): Promise<void> {
  const { target } = options;
  switch (target.kind) {
    case 'jti':
    case 'token': {
      const { revokeOne } = await import('./one.ts');
      return revokeOne(target, options, work, inForce);
    }
    case 'client': {
      const { revokeAllOf } = await import('./all.ts');
      return revokeAllOf(target.client, options, work, inForce);
    }
    case 'list': {
      const { revokeListed } = await import('./listed.ts');
      return revokeListed(target.file, options, work, inForce);
    }
  }
}
