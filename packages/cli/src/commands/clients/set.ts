/** `apikey clients set`: sets details and limits, and tells which tokens that are out they touch. */
import { openTokensOf, setClient, type Client, type ClientSettings, type OperationDeps } from '@apikey/shared';
import { openBackend } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { fieldLines } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import { clientJson } from './client-json.ts';
import { narrowing, type Narrowing } from './narrowing.ts';
import { parseSetOptions, type SetOptions } from './set-options.ts';
import { detailFields, type Details } from './words.ts';

const UNTOUCHED: Narrowing = { losers: [], networks: undefined, liveTokens: 0 };

export async function run(invocation: Invocation, context: Context): Promise<number> {
  const options = parseSetOptions(invocation);
  const { io, terminal } = context;
  const settings = await context.settings();
  const env = settings.env.value;
  const deps = await openBackend(settings, io, 'existing');
  try {
    const before = await deps.registry.getClient(options.id);
    const impact = before === undefined ? UNTOUCHED : await impactOf(deps, before, options);
    if (options.dryRun) {
      tellPlan(before, impact, options, env, context);
      return EXIT_CODES.done.code;
    }
    const { client, changed, registered } = await setClient(deps, options.id, options.settings);
    if (terminal.json) terminal.printJson({ ...clientJson(client), registered, changed, ...impactJson(impact), env });
    const { aside } = terminal;
    const done = registered ? `${aside.green('Registered')} client` : `${aside.green('Changed')} client`;
    terminal.say(
      [
        changed
          ? `${done} ${aside.bold(client.id)} in environment ${env}`
          : `Client ${client.id} in environment ${env} is set like this already; nothing was changed`,
        ...fieldLines(detailFields(client), aside),
        ...impactLines(impact, aside),
        `Next: apikey ${registered ? 'issue' : 'clients show'}${sameEnvironment(settings)} ${registered ? '--client ' : ''}${client.id}`,
      ].join('\n'),
    );
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

async function impactOf(deps: OperationDeps, before: Client, { id, settings }: SetOptions): Promise<Narrowing> {
  return narrowing(before, settings, (await openTokensOf(deps, id)).tokens);
}

function tellPlan(
  before: Client | undefined,
  impact: Narrowing,
  { id, settings }: SetOptions,
  env: string,
  { terminal }: Context,
): void {
  const registers = before === undefined;
  if (terminal.json) {
    terminal.printJson({ dryRun: true, id, registered: registers, set: settings, ...impactJson(impact), env });
    return;
  }
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`,
      `  ${registers ? 'register' : 'set'} client ${id} like this:`,
      ...fieldLines(detailFields(withSettings(before ?? {}, settings)), terminal.aside, '    '),
      ...impactLines(impact, terminal.aside),
    ].join('\n'),
  );
}

/** The details as they would be. */
function withSettings(before: Partial<Client>, settings: ClientSettings): Details {
  return Object.fromEntries(Object.entries({ ...before, ...settings }).filter(([, value]) => value !== null));
}

function impactJson({ losers, networks }: Narrowing): object {
  return {
    narrowed: losers.map(({ jti, lost }) => ({ jti, lostScopes: lost })),
    networksNarrowed: networks !== undefined,
  };
}

function impactLines({ losers, networks, liveTokens }: Narrowing, style: Style): string[] {
  const note = style.yellow('note:');
  return [
    ...(losers.length === 0
      ? []
      : [
          `${note} ${counted(losers.length, 'live token')} may be used for less, from the next decision on:`,
          ...losers.map(({ jti, lost }) => `    ${jti}  loses ${lost.join(' ')}`),
        ]),
    ...(networks === undefined || liveTokens === 0
      ? []
      : [
          `${note} ${counted(liveTokens, 'live token')} will be accepted only from ${networks.join(' ')}, from the next decision on`,
        ]),
  ];
}
