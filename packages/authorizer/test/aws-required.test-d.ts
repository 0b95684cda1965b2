/** What must not compile: sources on AWS without what they require. Checked by `tsc -p packages/authorizer`. */
import { dynamoStatus } from '../src/dynamodb/index.ts';
import { kmsKeys } from '../src/kms/index.ts';

dynamoStatus({ table: 'apikey-prod' });
kmsKeys({ allow: ['arn:aws:kms:us-east-1:111122223333:key/*'] });
// @ts-expect-error -- whose keys are trusted has no default
kmsKeys({});
// @ts-expect-error -- a list, so that a second account is an addition and not another type
kmsKeys({ allow: 'arn:aws:kms:us-east-1:111122223333:key/*' });
// @ts-expect-error -- the table is required
dynamoStatus({});
