/** The DynamoDB half of the AWS backend: the registry, an authorizer's view of it, and the table that both need. */
export { AUTHORIZER, INTERACTIVE, type AwsTarget, type Timing } from '../client-settings.ts';
export { countCommitItems, MAX_COMMIT_ITEMS } from './commit-items.ts';
export { DEFAULT_RETENTION_SECONDS, INDEX, usageKey } from './keys.ts';
export { dynamoNotices, type DynamoNoticesOptions } from './notices.ts';
export { authorizerClient, type DynamoClient, type DynamoTarget } from './reads.ts';
export { dynamoRegistry, type DynamoRegistryOptions } from './registry.ts';
export { dynamoSealStore, type DynamoSealStore } from './seals.ts';
export { dynamoStatusReader } from './status-reader.ts';
export { isAboutRecovery, type TableFacts } from './table-facts.ts';
export { compareTable, isReady, planTable, TABLE_STEPS, type TableDifference, type TableStep } from './table-plan.ts';
export { tableSetup, type TableSetup } from './table-setup.ts';
export { dynamoUsage, type DynamoUsageOptions } from './usage-recorder.ts';
export { OWNER_TAG, tableSpec, type TableSpec } from './table-spec.ts';
