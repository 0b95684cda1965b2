/** The real program inside a test, in an environment `prod` on AWS that nobody else has. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { TestAws } from '../../../tools/emulator/testing.ts';
import { Session } from './session.ts';

/** Its clock stands where the machine's stood when it was made: AWS refuses one that is elsewhere. */
export class AwsSession extends Session {
  readonly table: string = `cli-${randomUUID()}`;
  readonly aliasBase: string = `alias/${this.table}`;

  constructor() {
    super();
    this.now = Math.floor(Date.now() / 1000) * 1000;
    this.configure(`dynamodb:${this.table}`, `awskms:${this.aliasBase}`);
  }

  /** Defines `prod`, in place of what it was. */
  configure(registry: string, keys: string): void {
    const lines = [
      '[envs.prod]',
      `registry = "${registry}"`,
      `keys = "${keys}"`,
      'issuer = "https://api.example.gov"',
      'audience = "https://api.example.gov"',
    ];
    writeFileSync(join(this.cwd, 'apikey.toml'), `${lines.join('\n')}\n`);
  }

  /** Sets the environment up; throws what went wrong. */
  async init(...flags: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(['init', '--env', 'prod', '--yes', ...flags]);
    if (code !== 0) throw new Error(stderr);
  }
}

/** Nothing of AWS in this process's environment, which is where the SDK looks, but what the test says. */
export function stubAws(home: string, settings: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  const nothing = join(home, 'no-aws-configuration');
  const isolation = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  for (const [name, value] of Object.entries({ ...isolation, ...settings })) vi.stubEnv(name, value);
}

/** What the suites on AWS start from: endpoints, Region and credentials of the emulator, or those that were named. */
export function stubTestAws({ env }: TestAws, session: Session, more: Readonly<Record<string, string>> = {}): void {
  stubAws(session.home, { ...env, ...more });
}
