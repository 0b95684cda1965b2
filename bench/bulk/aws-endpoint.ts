/** DynamoDB and KMS on loopback, with a latency and a limit of signatures, each in a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SigningReport } from './kms.ts';

export interface AwsEndpoint extends Disposable {
  /** Endpoints, Region and credentials, for a process that uses the AWS SDK. */
  readonly env: Readonly<Record<string, string>>;
  /** What KMS was asked for since this was last called. */
  takeReport(): Promise<SigningReport>;
}

/** @param latency of each answer, in milliseconds; `limit` = signatures in any second */
export async function startAws(latency: number, limit: number): Promise<AwsEndpoint> {
  const services: ChildProcess[] = [];
  const start = async (...[name = '', ...args]: readonly string[]): Promise<readonly [ChildProcess, string]> => {
    const child = fork(join(import.meta.dirname, name), args, { execArgv: [] });
    services.push(child);
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
    return [child, `http://127.0.0.1:${port}`];
  };
  const [, dynamodb] = await start('dynamodb.ts', String(latency));
  const [kms, kmsUrl] = await start('kms.ts', String(latency), String(limit));
  return {
    env: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: kmsUrl,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    },
    takeReport: async () => {
      kms.send('report');
      const [report] = (await once(kms, 'message')) as [SigningReport];
      return report;
    },
    [Symbol.dispose]: () => {
      for (const service of services) service.kill();
    },
  };
}
