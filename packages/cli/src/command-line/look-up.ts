/** Values that completion offers from outside: environments, algorithms, and what the registry answers in time. */
import { isSigningAlg, listAlgs, supportsAlg, type Registry } from '@apikey/shared';
import { openRegistry } from '../backends.ts';
import { readConfigFile } from '../config/file.ts';
import { configPaths, resolveSettings } from '../config/resolve.ts';
import { DEFAULT_ENVIRONMENT } from '../config/settings.ts';
import type { Io } from '../io.ts';
import type { Candidate, LookUp, Wanted } from './complete.ts';

/** A person who pressed a key waits no longer for a registry. */
const BUDGET_MS = 150;
/** More are not read on a screen. */
const MOST = 200;

/** Answers with nothing where anything fails: a half-typed line is no place for errors. */
export function lookUpIn(io: Io): LookUp {
  return async (wanted) => {
    try {
      return await lookUp(wanted, io);
    } catch {
      return [];
    }
  };
}

async function lookUp(wanted: Wanted, io: Io): Promise<readonly Candidate[]> {
  const config = wanted.given.get('--config');
  if (wanted.kind === 'alg') return signingAlgs().map((value) => ({ value }));
  if (wanted.kind === 'environment') return environments(config, io);
  const [env, profile, region] = ['--env', '--profile', '--region'].map((name) => wanted.given.get(name));
  const registry = await openRegistry(await resolveSettings({ env, config, profile, region }, io), 'read');
  const late = new Promise<readonly Candidate[]>((resolve) => setTimeout(resolve, BUDGET_MS, []));
  return Promise.race([ask(registry, wanted), late]);
}

function signingAlgs(): string[] {
  return listAlgs().filter((alg) => isSigningAlg(alg) && supportsAlg(alg));
}

async function environments(config: string | undefined, io: Io): Promise<readonly Candidate[]> {
  const files = await Promise.all(configPaths({ config }, io).map((path) => readConfigFile(path)));
  const names = new Set([DEFAULT_ENVIRONMENT, ...files.flatMap(({ envs }) => [...envs.keys()])]);
  return [...names].map((value) => ({ value }));
}

async function ask(registry: Registry, { kind, prefix, given }: Wanted): Promise<readonly Candidate[]> {
  if (kind === 'client') return clients(registry, prefix);
  if (kind === 'jti') return tokens(registry, prefix.toLowerCase(), given.get('--client'));
  const ring = await registry.getRing(given.get('--ring') ?? 'main');
  return (ring?.keys ?? []).map(({ kid, state, alg }) => ({ value: kid, help: `${state}, ${alg}` }));
}

async function clients(registry: Registry, prefix: string): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const { id, state, contact } of registry.clients()) {
    if (id.startsWith(prefix)) found.push({ value: id, help: contact ?? state });
    if (found.length === MOST) break;
  }
  return found;
}

async function tokens(registry: Registry, prefix: string, client: string | undefined): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const records =
    client === undefined ? await registry.findTokens(prefix, MOST) : registry.tokensOfClient(client, { prefix });
  for await (const { jti, client: owner, state } of records) {
    if (state !== 'revoked') found.push({ value: jti, help: `${owner}, ${state}` });
    if (found.length === MOST) break;
  }
  return found;
}
