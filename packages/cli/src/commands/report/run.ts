/** `apikey report`: reads the environment and writes it down as one page. */
import { resolve } from 'node:path';
import { ifSetUp, isEmbedded, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { ownFile } from '../../delivery/file.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { collect, nothing } from '../../report/collect.ts';
import type { EnvironmentFacts, Facts } from '../../report/facts.ts';
import { buildModel } from '../../report/model.ts';
import { page } from '../../report/page.ts';
import { reportJson, summaryWords } from '../../report/summary.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { progress } from '../../terminal/progress.ts';
import { VERSION } from '../../version.ts';
import { parseOptions, type ReportOptions } from './options.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const options = parseOptions(flags, { isTTY: terminal.isTTY, json: terminal.json, now: io.clock.now() });
  const { output, force } = options;
  const file = output === undefined ? undefined : ownFile(resolve(io.cwd, output), { what: 'report', replace: force });
  await file?.check();
  const settings = await context.settings();
  const model = buildModel({ ...(await read(settings, options, context)), environment: environmentOf(settings) });
  const text = page(model);
  if (file === undefined || output === undefined) {
    terminal.print(text.slice(0, -1));
  } else {
    await file.write(text);
    if (terminal.json) terminal.printJson({ file: output, bytes: Buffer.byteLength(text), ...reportJson(model) });
    else terminal.say(`Wrote ${output} (${size(Buffer.byteLength(text))})\n${summaryWords(model)}`);
  }
  return EXIT_CODES.done.code;
}

async function read(settings: Settings, options: ReportOptions, context: Context): Promise<Omit<Facts, 'environment'>> {
  const { clock } = context.io;
  const backend = await ifSetUp(openForReading(settings));
  if (backend === undefined) return { ...nothing(clock, options), version: VERSION };
  const { registry } = backend;
  try {
    const tokens = progress('tokens read', undefined, context);
    let events: ReturnType<typeof progress> | undefined;
    const collected = await collect(
      { registry, clock },
      {
        ...options,
        onTokens: (count) => tokens.advance(count),
        onEvents: (count, total) => {
          events ??= progress('events verified', total, context);
          events.advance(count, total);
        },
      },
    );
    return { ...collected, version: VERSION };
  } finally {
    await registry.close();
  }
}

/** Where things lie, without the paths of this machine: a report is handed on. */
function environmentOf(settings: Settings): EnvironmentFacts {
  const { env, issuer, audience, registry, keys, gatewayResultTtl, maxStaleness, staleIfError } = settings;
  const onMachine = 'on one machine';
  return {
    name: env.value,
    issuer,
    audience,
    registry: registry.scheme === 'sqlite' ? `SQLite, ${onMachine}` : `DynamoDB, ${registry.place}`,
    keys: keys.scheme === 'file' ? `files, ${onMachine}` : `AWS KMS, ${keys.place}`,
    embedded: isEmbedded(settings),
    bound: { total: configuredBound(settings).tokens, gatewayResultTtl, maxStaleness, staleIfError },
  };
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
