/** Builds the function once before the suite: what is deployed is the zip that users deploy. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BUILD = fileURLToPath(new URL('../../packages/authorizer/build-function.mjs', import.meta.url));

export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, [BUILD]);
}
