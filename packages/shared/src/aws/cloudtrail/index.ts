export { cloudTrailFiles, findCloudTrailFiles } from './files.ts';
export { lookupSignCalls, type CloudTrailClient, type LookupOptions } from './lookup.ts';
