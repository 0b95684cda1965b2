/** `apikey init`: makes the registry and the first signing key of an environment; embedded ones here, others in aws.ts. */
import { isEmbedded } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional, parseSigningAlg } from '../../command-line/parse-flag.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { FIRST_ALG, places, saySetUp, setUp, whatIsPresent, type SetUp } from '../../set-up.ts';
import { UsageError } from '../../usage-error.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const alg = parseOptional('--alg', flags.text('alg'), parseSigningAlg) ?? FIRST_ALG;
  const { io, terminal } = context;
  const settings = await context.settings();
  const multiRegion = flags.on('multiRegion');
  if (multiRegion && settings.keys.scheme !== 'awskms') throw notInKms(settings);
  if (!isEmbedded(settings)) {
    const { initOnAws } = await import('./aws.ts');
    return initOnAws({ alg, multiRegion, yes: flags.on('yes'), dryRun: flags.on('dryRun') }, settings, context);
  }
  const present = await whatIsPresent(settings, io);
  let deps = present.deps;
  try {
    if (flags.on('dryRun')) {
      dryRun(settings, alg, present.hasRing, context);
      return EXIT_CODES.done.code;
    }
    const made = await setUp(settings, io, present, alg);
    deps = made.deps;
    if (terminal.json) terminal.printJson({ ...setUpJson(settings, made), created: made.created });
    saySetUp(terminal, settings, made);
    if (!made.created) terminal.say(`Environment ${settings.env.value} is set up already in ${places(settings)}`);
    terminal.say(`Next: apikey issue${sameEnvironment(settings)} --client NAME`);
    return EXIT_CODES.done.code;
  } finally {
    await deps?.registry.close();
  }
}

function notInKms({ env, keys }: Settings): UsageError {
  return new UsageError('--multi-region is for keys in KMS', {
    why: `the keys of environment ${env.value} are ${keys.scheme}:${keys.place}`,
    fix: 'leave it out, or set keys to awskms:',
  });
}

function dryRun(settings: Settings, alg: string, exists: boolean, { terminal }: Context): void {
  if (terminal.json) {
    terminal.printJson({ dryRun: true, env: settings.env.value, alg: exists ? null : alg, created: !exists });
    return;
  }
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. This would`,
      exists
        ? `  change nothing: environment ${settings.env.value} is set up in ${places(settings)}`
        : `  set up environment ${settings.env.value} with a first signing key (${alg}) in ${places(settings)}`,
    ].join('\n'),
  );
}

interface SetUpJson {
  readonly env: string;
  readonly registry: string;
  readonly keys: string;
  readonly kid: string | null;
  readonly alg: string | null;
}

function setUpJson({ env, registry, keys }: Settings, { activeKey }: SetUp): SetUpJson {
  return {
    env: env.value,
    registry: `${registry.scheme}:${registry.place}`,
    keys: `${keys.scheme}:${keys.place}`,
    kid: activeKey?.kid ?? null,
    alg: activeKey?.alg ?? null,
  };
}
