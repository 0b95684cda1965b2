/** An environment in which every token is watched for: commands are run, and all that they leave is searched. */
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGroup, type CommandDefinition, type CommandNode } from '../src/command-line/definition.ts';
import { parseCommandLine } from '../src/command-line/parse.ts';
import { COMMANDS } from '../src/commands/index.ts';
import { BuiltCli, type Outcome } from './built-cli.ts';
import { Canaries } from './canary.ts';
import { canWatchProcesses, ProcessWatch } from './process-watch.ts';
import type { Session } from './session.ts';

/** Anything that has the form of a token, on the streams of a command that hands tokens out. */
const TOKENS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

export interface How {
  readonly stdin?: string;
  /** The exit code it must have; 0 unless told otherwise. */
  readonly code?: number | 'any';
  /** Hands out new tokens on standard output: they are watched for from then on. */
  readonly reveals?: boolean;
  /** Prints or writes a seal or grants, which have the form of a token and are none. */
  readonly seals?: boolean;
  /** A process of its own in any case: it prints past the streams that it is given. */
  readonly process?: true;
}

export class CanaryWorld implements Disposable {
  readonly cli: BuiltCli;
  readonly canaries: Canaries = new Canaries();
  readonly hits: string[] = [];
  /** Files that were made to hold a token, by the name they have in `cli.home`. */
  readonly tokenFiles: Set<string> = new Set();
  readonly ran: Set<CommandDefinition> = new Set();
  readonly #session: Session | undefined;
  #seen = 0;

  /** @param session runs the commands inside this test, where starting processes takes too long */
  constructor(env: Readonly<Record<string, string>> = {}, session?: Session) {
    this.cli = new BuiltCli(env);
    this.#session = session;
  }

  /** Runs a command to its end, and searches what it printed and what the system showed of it. */
  async run(args: readonly string[], how: How = {}): Promise<Outcome> {
    this.#note(args);
    const name = `apikey ${args.slice(0, 2).join(' ').replaceAll(TOKENS, 'TOKEN')}`;
    const outcome = await (this.#session === undefined || how.process === true
      ? this.#process(name, args, how)
      : this.#within(this.#session, args, how));
    this.found(`${name} on stderr`, this.canaries.search(outcome.stderr));
    this.found(`${name} on stdout`, this.canaries.search(outcome.stdout));
    const { code, stdout, stderr } = outcome;
    if (how.reveals === true) for (const [token] of stdout.matchAll(TOKENS)) this.canaries.add(token);
    else if (how.seals !== true && stdout.search(TOKENS) !== -1) this.hits.push(`${name} on stdout: like a token`);
    if (stderr.search(TOKENS) !== -1) this.hits.push(`${name} on stderr: like a token`);
    const meant = how.code ?? 0;
    if (meant !== 'any' && code !== meant) throw new Error(`${name} ended with ${code}, not ${meant}: ${stderr}`);
    return outcome;
  }

  /** A command that hands out one token as JSON. */
  async token(...args: readonly string[]): Promise<{ readonly token: string; readonly jti: string }> {
    const { stdout } = await this.run([...args, '--json', '--debug'], { reveals: true });
    return JSON.parse(stdout) as { token: string; jti: string };
  }

  watch(pid: number | undefined, ownArguments = false): ProcessWatch {
    return new ProcessWatch(pid ?? 0, this.canaries, ownArguments);
  }

  found(where: string, what: readonly string[]): void {
    this.hits.push(...what.map((it) => `${where}: ${it}`));
  }

  path(name: string): string {
    return join(this.cli.home, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Watches for the tokens in a file that a command was told to write them to. */
  collect(name: string): void {
    this.tokenFiles.add(name);
    const tokens = [...readFileSync(this.path(name), 'utf8').matchAll(TOKENS)];
    if (tokens.length === 0) throw new Error(`${name} holds no token`);
    for (const [token] of tokens) this.canaries.add(token);
  }

  /** Searches every file there is, the database and what stands beside it included. */
  searchFiles(when: string): void {
    this.found(
      `files ${when}`,
      this.canaries.searchFiles(this.cli.home, (path) => this.tokenFiles.has(path)),
    );
  }

  /** A copy of the data directory in which a file, or each file of a folder, was made nonsense of. */
  damaged(name: string): CanaryWorld {
    const other = new CanaryWorld();
    cpSync(this.cli.dataDir, other.cli.dataDir, { recursive: true });
    const path = join(other.cli.dataDir, name);
    const files = statSync(path).isDirectory() ? readdirSync(path).map((file) => join(path, file)) : [path];
    for (const file of files) writeFileSync(file, 'nonsense');
    return other;
  }

  /** What was found, and whether the search could have found anything at all. */
  verdict(): { readonly hits: readonly string[]; readonly blind: boolean } {
    return {
      hits: this.hits,
      blind: this.canaries.size === 0 || (canWatchProcesses && this.#session === undefined && this.#seen === 0),
    };
  }

  /** Commands that exist and were not run. */
  missed(): string[] {
    return [...leaves()].filter(([, definition]) => !this.ran.has(definition)).map(([name]) => name);
  }

  async #process(name: string, args: readonly string[], { stdin }: How): Promise<Outcome> {
    const running = this.cli.start(args, stdin);
    using watch = this.watch(running.process.pid, this.canaries.search(args.join(' ')).length > 0);
    const outcome = await running.outcome;
    this.found(name, [...watch.hits]);
    this.#seen += watch.samples;
    return outcome;
  }

  #within(session: Session, args: readonly string[], { stdin = '' }: How): Promise<Outcome> {
    const { home, dataDir } = this.cli;
    session.now = Date.now();
    return session.run(args, { stdin, cwd: home, env: { HOME: home, APIKEY_DATA_DIR: dataDir } });
  }

  #note(args: readonly string[]): void {
    try {
      const parsed = parseCommandLine(COMMANDS, args);
      if (parsed.kind === 'run') this.ran.add(parsed.definition);
    } catch {
      // It was meant to be refused.
    }
  }

  [Symbol.dispose](): void {
    this.cli[Symbol.dispose]();
  }
}

/** Every command, by the words that call it. */
export function* leaves(
  nodes: readonly CommandNode[] = COMMANDS,
  words: readonly string[] = [],
): Generator<readonly [string, CommandDefinition]> {
  for (const node of nodes) {
    const path = [...words, node.name];
    if (isGroup(node)) yield* leaves(node.commands, path);
    else yield [path.join(' '), node];
  }
}
