/** `apikey clients show`: one client with its tokens and its events. */
import { clientEvents, parseClientId, showClient, type AuditEvent, type ClientDetails } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { printable } from '../../terminal/printable.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { tokenJson } from '../../token-json.ts';
import { attentionWords, moment, tokenTable } from '../../token-words.ts';
import { clientJson, clientUseJson } from './client-json.ts';
import { detailFields } from './words.ts';

export async function run({ args }: Invocation, { io, terminal, settings: read }: Context): Promise<number> {
  const id = parseFlag('client', args[0] ?? '', parseClientId);
  const settings = await read();
  const { registry } = await openForReading(settings);
  try {
    const details = await showClient({ registry, clock: io.clock }, id);
    const events = await clientEvents({ registry }, id);
    const env = settings.env.value;
    if (terminal.json) {
      const { client, tokens } = details;
      const liveTokens = tokens.filter(({ live }) => live).length;
      terminal.printJson({
        ...clientJson(client),
        liveTokens,
        ...clientUseJson(details),
        tokens: tokens.map(tokenJson),
        events,
        env,
      });
    } else {
      terminal.print(detailsText(details, events, env, io.clock.now() / 1000, terminal));
    }
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}

function detailsText(
  { client, tokens, lastUsedAt, attention }: ClientDetails,
  events: readonly AuditEvent[],
  env: string,
  now: number,
  { style, columns }: Terminal,
): string {
  const paint = client.state === 'active' ? style.green : style.red;
  return [
    `${style.bold(client.id)}  ${paint(client.state)}`,
    ...fieldLines(
      [
        ['env', env],
        ...detailFields(client),
        ['last used', lastUsedAt === undefined ? undefined : moment(lastUsedAt, now)],
        ['attention', attention.length === 0 ? undefined : attentionWords(attention)],
        ['registered', moment(client.createdAt, now)],
        ['epoch', client.epoch === 1 ? undefined : `${client.epoch} (older tokens were revoked together)`],
      ],
      style,
    ),
    '',
    style.bold('Tokens'),
    ...(tokens.length === 0
      ? ['  none that is live or could become so']
      : tokenTable(tokens, { now, style, columns, clients: false }).map((line) => line.slice(2))),
    '',
    style.bold('Events'),
    ...events.map(eventLine),
  ].join('\n');
}

function eventLine({ at, action, actor, detail }: AuditEvent): string {
  const reason = detail.reason === undefined ? '' : `  ${detail.reason}`;
  return printable(`  ${at.slice(0, 19)}Z  ${action.padEnd(17)}  ${actor}${reason}`);
}
