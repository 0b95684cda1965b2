/** Everything that an operator may do, as single steps that tests put into random orders. */
import { resumeClient, revokeClient, setClient, suspendClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { activateKey, createKey, retireKey, revokeKey } from './keys.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { partner, type World } from './world.fixture.ts';

/** @param jti a token of the client, live or not */
type Act = (world: World, client: string, jti: string, n: number) => Promise<unknown>;

const rotate =
  (takeOver: boolean): Act =>
  (world, client, jti, n) =>
    rotateToken(world.deps, { client, jti, grace: n % 3 === 0 ? 0 : 3600, takeOver }, world.sink);

/** By name. Those that the state forbids reject with a refusal. */
export const ACTS: Readonly<Record<string, Act>> = {
  issue: (world, client) => issueToken(world.deps, { ...partner, client }, world.sink),
  resumable: (world, client, _jti, n) =>
    issueToken(world.deps, { ...partner, client, requestId: `CHG-${client}-${n % 2}` }, world.sink),
  rotate: rotate(false),
  takeOver: rotate(true),
  revoke: (world, _client, jti) => revokeToken(world.deps, { jti }),
  suspend: (world, client) => suspendClient(world.deps, client),
  resume: (world, client) => resumeClient(world.deps, client),
  revokeClient: (world, client) => revokeClient(world.deps, client),
  limit: (world, client, _jti, n) => setClient(world.deps, client, { maxTtl: 1000 + n }),
  createKey: (world) => createKey(world.deps, 'ES256'),
  activateKey: async (world) => {
    const ring = await world.registry.readKeyRing();
    const kid = ring?.keys.find(({ state }) => state === 'pending')?.kid;
    return kid === undefined ? undefined : activateKey(world.deps, kid, { now: true });
  },
  retireKey: async (world) => {
    const ring = await world.registry.readKeyRing();
    const kid = ring?.keys.find(({ state }) => state === 'retiring')?.kid;
    return kid === undefined ? undefined : retireKey(world.deps, kid);
  },
  revokeKey: async (world, _client, _jti, n) => {
    const ring = await world.registry.readKeyRing();
    return n % 4 === 0 && ring !== undefined ? revokeKey(world.deps, ring.keys.at(-1)?.kid ?? '') : undefined;
  },
};
