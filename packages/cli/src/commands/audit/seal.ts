/** `apikey audit seal`: signs where every chain stands, keeps the seal, and hands out the copy that is kept elsewhere. */
import { planSeal, SEAL_ALG, SEAL_RING, sealRegistry, type MadeSeal } from '@apikey/shared';
import { openBackend, openSeals } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { environmentLine, sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Settings } from '../../config/resolve.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { progress } from '../../terminal/progress.ts';
import { parseSealTarget, sealPlace } from './seal-target.ts';
import { jsonText } from '../../terminal/printable.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const target = parseSealTarget(flags);
  const settings = await context.settings();
  const { io, terminal } = context;
  const place = target === undefined ? undefined : sealPlace(target, settings, io);
  const deps = await openBackend(settings, io, 'sign', SEAL_RING);
  try {
    await place?.check();
    const bar = progress('chains read', undefined, context);
    if (flags.on('dryRun')) {
      tellPlan(await planSeal(deps, () => bar.advance()), settings, context);
      return EXIT_CODES.done.code;
    }
    const seals = await openSeals(settings);
    const made = await sealRegistry({ ...deps, seals }, { seen: () => bar.advance(), maxLength: place?.maxLength });
    context.onInterrupt({ why: 'the seal was made and kept in the registry', fix: 'run the command again for a copy' });
    const copy = await place?.put(made.seal, made.payload.at);
    if (terminal.json) terminal.printSeal(jsonText(sealJson(made, copy, settings)));
    else if (copy === undefined) terminal.printSeal(made.seal);
    tell(made, copy, settings, context);
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

/** `to` stands where a copy went; field names that scripts rely on. */
function sealJson({ seal, kid, payload, madeRing }: MadeSeal, copy: string | undefined, { env }: Settings): object {
  return {
    seal,
    kid,
    at: payload.at,
    chains: payload.chains.length,
    length: seal.length,
    madeKey: madeRing,
    to: copy ?? null,
    env: env.value,
  };
}

function tellPlan(
  { kid, chains }: Awaited<ReturnType<typeof planSeal>>,
  settings: Settings,
  { terminal }: Context,
): void {
  const env = settings.env.value;
  if (terminal.json) {
    terminal.printJson({ dryRun: true, kid: kid ?? null, makesKey: kid === undefined, chains, env });
    return;
  }
  const lines = [
    ...(kid === undefined
      ? [`make a key for seals (${SEAL_ALG}), and a key ring ${SEAL_RING} in which it is active`]
      : []),
    `sign the heads of ${counted(chains, 'chain')} with ${kid === undefined ? 'it' : `key ${kid}`}`,
  ];
  const lead = `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`;
  terminal.warn([lead, ...lines.map((line) => `  ${line}`)].join('\n'));
}

function tell(made: MadeSeal, copy: string | undefined, settings: Settings, { terminal }: Context): void {
  const { payload, kid, madeRing } = made;
  const { aside } = terminal;
  const same = sameEnvironment(settings);
  const lines = [
    ...(madeRing ? [`Made a key for seals (${SEAL_ALG}) in a key ring of its own, ${SEAL_RING}`] : []),
    `${aside.green('Sealed')} ${counted(payload.chains.length, 'chain')} of the audit log`,
    ...fieldLines(
      [
        ['at', payload.at],
        ['kid', kid],
        ['env', environmentLine(settings)],
        ['copy', copy],
      ],
      aside,
    ),
    copy === undefined
      ? 'The seal was printed to standard output, and is kept with the registry.'
      : 'The seal is also kept with the registry.',
    'It proves something only where nobody who can write the registry can touch it: keep a copy elsewhere.',
    `Next: apikey audit verify${same} --seal FILE`,
  ];
  terminal.say(lines.join('\n'));
}
