/** `apikey serve`: opens the environment, listens, and ends when it is told to. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { InvalidValueError, type OperationDeps } from '@apikey/shared';
import { openBackend } from '../../backends.ts';
import { openSources } from '../../backends/deciding.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { LogFormat } from '../../serve/decision-log.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../serve/gateway.ts';
import { readInputFile } from '../../serve/input-file.ts';
import { Notices } from '../../serve/notices.ts';
import { readRoutesFile } from '../../serve/routes-file.ts';
import { LIMITS, type Tls } from '../../serve/server.ts';
import { StopSignals } from '../../serve/stop-signals.ts';
import { parseServeOptions, type ServeOptions } from './options.ts';
import { startJson, startLines, warnings, type Started } from './words.ts';

export async function run(invocation: Invocation, context: Context): Promise<number> {
  const options = parseServeOptions(invocation);
  const { io, terminal } = context;
  const settings = await context.settings();
  const file = <T>(shown: string, read: (path: string) => T): T =>
    readInputFile(shown, () => read(resolve(io.cwd, shown)));
  const { routesFile, exactPaths } = options;
  const routes =
    routesFile === undefined
      ? undefined
      : readRoutesFile({ shown: routesFile, path: resolve(io.cwd, routesFile), exactPaths });
  const tls =
    options.tls === undefined ? undefined : readTls(options.tls, (shown) => file(shown, (path) => readFileSync(path)));
  const sources = await openSources(settings, io, options);
  const log = options.log ?? (io.stderr.isTTY && !terminal.json ? 'text' : 'off');
  const revoking = new Revoking(settings, context);
  const notices = new Notices((text) => terminal.say(`${terminal.aside.yellow('warning:')} ${text}`));
  const gateway = createGateway({
    ...options,
    ...sources,
    tls,
    limits: LIMITS,
    routes,
    log,
    issuer: settings.issuer,
    audience: settings.audience,
    maxLifetime: settings.maxTtl,
    maxStaleness: { tokens: settings.maxStaleness, keys: options.keysStaleness ?? settings.maxStaleness },
    staleIfError: settings.staleIfError,
    openForRevoking: options.allowRevoke ? () => revoking.open() : undefined,
    writeLog: logWriter(context, log, notices),
    notice: (key, text) => notices.tell(key, text),
    now: () => io.clock.now(),
  });
  using signals = new StopSignals(io.interrupted);
  const port = await gateway.listen();
  const started: Started = {
    options,
    settings,
    port,
    routes,
    trustedKeys: sources.trustedKeys,
    log,
  };
  for (const line of await warnings(started, sources.status)) {
    terminal.warn(`${terminal.aside.yellow('warning:')} ${line}`);
  }
  terminal.say(startLines(started, terminal.aside).join('\n'));
  if (terminal.json) terminal.printJson(startJson(started));
  await signals.first;
  terminal.say('Draining: no new requests, those under way finish. Again to end at once.');
  await stop(gateway, signals, options);
  await Promise.all([sources.close(), revoking.close()]);
  return signals.count > 1 ? EXIT_CODES.interrupted.code : EXIT_CODES.done.code;
}

async function stop(gateway: Gateway, signals: StopSignals, { drainMillis }: ServeOptions): Promise<void> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), drainMillis);
  void signals.second.then(() => deadline.abort());
  try {
    await gateway.stop(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** JSON goes to standard output, where whoever runs containers looks for it; words for people to standard error. */
function logWriter({ terminal }: Context, log: LogFormat, notices: Notices): GatewayOptions['writeLog'] {
  return (text) => {
    try {
      if (log === 'json') terminal.print(text);
      else terminal.say(text);
    } catch {
      // A full disk is no reason to stop deciding, nor to decide otherwise.
      notices.tell('log', 'the log could not be written; lines are lost');
    }
  };
}

function readTls({ certFile, keyFile }: NonNullable<ServeOptions['tls']>, read: (shown: string) => Buffer): Tls {
  const tls = { cert: read(certFile), key: read(keyFile) };
  try {
    createSecureContext(tls);
    return tls;
  } catch (cause) {
    throw new InvalidValueError('INVALID_INPUT', `${certFile} and ${keyFile} are not a certificate and its key`, {
      why: cause instanceof Error ? cause.message : 'they cannot be read',
      fix: 'give two PEM files that belong together; the key must not be encrypted',
      cause,
    });
  }
}

/** What revokes, opened when the first holder asks for it, and again after that failed. */
class Revoking {
  readonly #settings: Settings;
  readonly #context: Context;
  #opened: Promise<OperationDeps> | undefined;

  constructor(settings: Settings, context: Context) {
    this.#settings = settings;
    this.#context = context;
  }

  open(): Promise<OperationDeps> {
    this.#opened ??= openBackend(this.#settings, this.#context.io, 'existing').catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async close(): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.registry.close();
  }
}
