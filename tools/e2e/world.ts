/** A deployed environment with the built command working on it: what every case of the suite starts from. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuiltCli } from '../../packages/cli/test/built-cli.ts';
import type { TestAws } from '../emulator/testing.ts';
import { startCrowd, type Crowd } from './crowd.ts';
import { AUDIENCE, deploy, ISSUER, type Choices, type Deployment } from './deploy.ts';
import { gatewayOf, KINDS, patient, type Gateway } from './gateway.ts';

export interface Issued {
  readonly token: string;
  readonly jti: string;
  readonly client: string;
  readonly kid: string;
  readonly expiresAt: string;
}

const CROWD = 10;

export class World {
  readonly deployment: Deployment;
  /** Every answer as it comes. */
  readonly direct: Gateway;
  /** The same, asking again after a 500. */
  readonly gateway: Gateway;
  readonly cli: BuiltCli;
  /** How often `gateway` was answered with 500. */
  faults = 0;
  crowd: Crowd | undefined;

  constructor(endpoint: string, deployment: Deployment, cli: BuiltCli) {
    this.deployment = deployment;
    this.direct = gatewayOf(endpoint, deployment);
    this.gateway = patient(this.direct, () => (this.faults += 1));
    this.cli = cli;
  }

  async issue(client: string, ...flags: readonly string[]): Promise<Issued> {
    return this.cli.json<Issued>(['issue', '--client', client, '--ttl', '1h', ...flags]);
  }

  /** Runs a command that must succeed. */
  async apikey(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.cli.run(args);
    if (code !== 0) throw new Error(`apikey ${args.join(' ')} ended with ${code}: ${stderr}`);
  }

  async gather(): Promise<Crowd> {
    const members: Issued[] = [];
    for (let index = 1; index <= CROWD; index += 1) members.push(await this.issue(`crowd-${index}`));
    // One instance of the function for each of them, so that no case pays for the start of a process.
    for (const kind of KINDS)
      await Promise.all(members.map(({ token }) => this.gateway(kind, { token, path: '/warm' })));
    this.crowd = startCrowd(this.direct, this.gateway, members);
    return this.crowd;
  }

  async stop(): Promise<void> {
    await this.crowd?.leave();
    this.cli[Symbol.dispose]();
  }
}

/** Deploys, sets the environment up with `apikey init`, and lets ten clients call both APIs until `stop`. */
export async function makeWorld(aws: TestAws, endpoint: string, name: string, choices: Choices): Promise<World> {
  const deployment = await deploy(endpoint, name, choices);
  const world = new World(endpoint, deployment, new BuiltCli({ ...aws.env, AWS_EC2_METADATA_DISABLED: 'true' }));
  writeFileSync(
    join(world.cli.home, 'apikey.toml'),
    [
      'env = "prod"',
      '[envs.prod]',
      `registry = "dynamodb:${deployment.table}"`,
      `keys = "awskms:${deployment.alias}"`,
      `issuer = "${ISSUER}"`,
      `audience = "${AUDIENCE}"`,
      '',
    ].join('\n'),
  );
  await world.apikey('init', '--yes');
  return world;
}
