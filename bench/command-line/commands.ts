/** The built `apikey` command, each time in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BIN } from '../harness/built-command.ts';

/** Where a command finds its data: a home directory of its own, and nothing from this process's environment. */
export interface Home {
  readonly folder: string;
}

/**
 * Runs Node to its end and resolves with what it wrote to standard output. All three streams are pipes, as where the
 * command is called by a program. Rejects where it fails.
 */
export async function runNode(args: readonly string[], { folder }: Home, input: string = ''): Promise<string> {
  const child = spawn(process.execPath, args, { env: { HOME: folder, PATH: process.env['PATH'] }, stdio: 'pipe' });
  child.stdin.end(input);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (errors += String(data)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(' ')}: exit code ${code}\n${errors}`);
  return output;
}

export function apikey(args: readonly string[], home: Home, input?: string): Promise<string> {
  return runNode([BIN, ...args], home, input);
}

/** Issues a token to the client, which comes into being with the first one. */
export async function issue(home: Home): Promise<string> {
  return (await apikey(['issue', '--client', 'partner', '--ttl', '90d'], home)).trim();
}

export function jtiOf(token: string): string {
  const [, payload = ''] = token.split('.');
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly jti: string };
  return jti;
}
