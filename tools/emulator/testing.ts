/** What a suite needs to run on AWS as it is to be had here: the emulator, or the endpoints that the environment names. */
import { describe, inject } from 'vitest';
import type { EmulatorAnswer } from './vitest.ts';

export interface TestAws {
  /** Why nothing can be run, where that is so; every endpoint is then one that nobody listens at. */
  readonly unavailable?: string;
  /** The emulator's own endpoint; absent if both services are elsewhere. Only there may a test break or count things. */
  readonly emulator?: string;
  readonly dynamodb: string;
  readonly kms: string;
  readonly sts: string;
  readonly region: string;
  /** For a child process, such as the command line: endpoints, Region and credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** For a client in this process; absent where the usual chain has some of its own. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const NOWHERE = 'http://127.0.0.1:1';

/**
 * Finds AWS for a suite, starting the emulator if nothing else was named. `APIKEY_TEST_DYNAMODB_ENDPOINT` and
 * `APIKEY_TEST_KMS_ENDPOINT` point elsewhere. Rejects where there is none and `APIKEY_TEST_REQUIRE` names `emulator`.
 */
export async function awsForTests(): Promise<TestAws> {
  const named = {
    dynamodb: process.env['APIKEY_TEST_DYNAMODB_ENDPOINT'],
    kms: process.env['APIKEY_TEST_KMS_ENDPOINT'],
  };
  const needed = named.dynamodb === undefined || named.kms === undefined;
  const answer = needed ? await askForEmulator() : undefined;
  if (answer !== undefined && 'unavailable' in answer) return unavailable(answer.unavailable);
  const emulator = answer?.endpoint;
  const endpoints = {
    dynamodb: named.dynamodb ?? emulator ?? NOWHERE,
    kms: named.kms ?? emulator ?? NOWHERE,
    sts: emulator ?? named.kms ?? NOWHERE,
  };
  const own = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'].some((name) => name in process.env);
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const keys = { accessKeyId: 'test', secretAccessKey: 'test' };
  return {
    ...endpoints,
    region,
    ...(emulator === undefined ? {} : { emulator }),
    ...(own ? {} : { credentials: keys }),
    env: {
      AWS_REGION: region,
      AWS_ENDPOINT_URL: emulator ?? endpoints.dynamodb,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_KMS: endpoints.kms,
      AWS_ENDPOINT_URL_STS: endpoints.sts,
      ...(own ? {} : { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }),
    },
  };
}

/** `describe` for a suite that needs AWS: skipped, with the reason in its name, where there is none. */
export function describeOnAws(aws: TestAws, name: string, body: () => void): void {
  describeUnless(aws.unavailable, name, body);
}

/** As `describeOnAws`, for a suite that only the emulator can serve. */
export function describeOnEmulator(aws: TestAws, name: string, body: (endpoint: string) => void): void {
  const reason = aws.unavailable ?? (aws.emulator === undefined ? 'other endpoints were named' : undefined);
  describeUnless(reason, name, () => body(aws.emulator ?? NOWHERE));
}

function describeUnless(reason: string | undefined, name: string, body: () => void): void {
  const title = reason === undefined ? name : `${name} (skipped: ${reason})`;
  // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback -- passed on from the suite
  describe.skipIf(reason !== undefined)(title, body);
}

async function askForEmulator(): Promise<EmulatorAnswer> {
  const broker: string | undefined = inject('emulatorBroker');
  if (broker === undefined)
    throw new Error('tools/emulator/vitest.ts is missing in `globalSetup` of the vitest config');
  const response = await fetch(broker);
  if (!response.ok) throw new Error(`the emulator could not be asked for: ${await response.text()}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this process's own parent is at the other end
  return (await response.json()) as EmulatorAnswer;
}

function unavailable(reason: string): TestAws {
  if ((process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/[\s,]+/).includes('emulator')) {
    throw new Error(`the AWS emulator is required, but: ${reason}`);
  }
  return { unavailable: reason, dynamodb: NOWHERE, kms: NOWHERE, sts: NOWHERE, region: 'us-east-1', env: {} };
}
