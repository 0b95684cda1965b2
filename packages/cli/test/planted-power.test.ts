/** Write access to the registry without the signing key, on both backends. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoRaw, sqliteRaw } from '../../shared/test/forgery/raw-registry.ts';
import { edit } from './audit-sqlite.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { describeAttacks } from './planted-power.ts';
import { errorOf, Session } from './session.ts';

const aws = await awsForTests();

describe('who can write a SQLite registry and cannot sign', () => {
  let session: Session;
  beforeEach(() => {
    session = new Session();
  });
  afterEach(() => session[Symbol.dispose]());

  describeAttacks(() => ({ session, flags: [], raw: () => sqliteRaw(session.dataDir) }));

  it('passes no record off as that of another client by naming two', async () => {
    await session.issue('--client', 'admins', '--scope', 'admin:all');
    const { jti } = await session.issue('--client', 'admins', '--scope', 'admin:all');
    edit(session.dataDir, (db) =>
      db
        .prepare(
          `UPDATE token SET doc = replace(doc, '"client":"admins"', '"client":"partner","client":"admins"') WHERE jti = ?`,
        )
        .run(jti),
    );
    await session.issue('--client', 'partner', '--scope', 'plans:read');
    const result = await session.run(['rotate', jti, '--client', 'partner', '--json']);
    expect(result).toMatchObject({ code: 9, stdout: '' });
    expect(errorOf(result).code).toBe('STORE_DAMAGED');
  });
});

describeOnEmulator(aws, 'who can write a DynamoDB table and cannot sign', (endpoint) => {
  let session: AwsSession;
  beforeEach(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await session.init();
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  describeAttacks(() => ({
    session,
    flags: ['--env', 'prod'],
    raw: () => dynamoRaw(endpoint, aws.region, session.table),
  }));
});
