/** The first characters of a token's id name it without its client, where only one token begins so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

describe('the first characters of a jti', () => {
  it('are enough for every command that takes one', async () => {
    using session = new Session();
    const { jti, token } = await session.issue('--client', 'partner');
    await session.issue('--client', 'billing');
    const short = jti.slice(0, 8);
    writeFileSync(join(session.cwd, 'token'), token);
    for (const argv of [
      ['show', short],
      ['show', short.toUpperCase()],
      ['show', short, '--client', 'partner'],
      ['audit', '--token', short],
      ['activate', short, '--token-file', 'token'],
      ['rotate', short, '--dry-run'],
      ['rotate', '--status', short],
      ['revoke', short, '--dry-run'],
    ]) {
      const { code, stdout } = await session.run([...argv, '--json']);
      expect([argv, code]).toEqual([argv, 0]);
      if (argv[1] !== '--status') expect(stdout).toContain(jti);
    }
    expect((await session.run(['revoke', short, '--yes'])).stderr).toContain(`Revoked token ${jti} of partner`);
  });

  it('name nothing where no token begins so, or where the client is another', async () => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    await session.issue('--client', 'billing');
    const other = jti.startsWith('0') ? '1' : '0';
    for (const argv of [
      ['revoke', `${other}${jti.slice(1, 8)}`],
      ['revoke', jti.slice(0, 8), '--client', 'billing'],
    ]) {
      const result = await session.run([...argv, '--yes', '--json']);
      expect([result.code, errorOf(result).code]).toEqual([3, 'TOKEN_NOT_FOUND']);
    }
  });
});
