/** The partition of a Region, from the SDK's own table: `aws`, `aws-cn`, `aws-us-gov`, `aws-iso-b`, `aws-eusc` and so on. */
import { partition } from '@aws-sdk/core/client';

/** `aws` for a Region that the table does not know. */
export function partitionOf(region: string): string {
  return partition(region).name;
}
