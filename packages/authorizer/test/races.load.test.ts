/** A revocation races with decisions, on the embedded backend and on AWS: the same tests. */
import { afterAll, beforeAll, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { awsEnvironment } from './aws-environment.ts';
import { localEnvironment } from './local-environment.ts';
import { describeRaceLoad } from './race-load.ts';

const aws = await awsForTests();

describeRaceLoad('the embedded backend', localEnvironment, 1000);

describeOnAws(aws, 'on AWS', () => {
  // The worker inherits them.
  beforeAll(() => {
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  });
  afterAll(() => vi.unstubAllEnvs());

  describeRaceLoad('DynamoDB and KMS', awsEnvironment, 1000);
});
