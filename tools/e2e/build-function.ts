/** Builds the functions once before the suite: what is deployed are the zips that users deploy. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BUILDS = ['authorizer/build-function.mjs', 'cli/build-functions.mjs'];

export default async function setup(): Promise<void> {
  for (const build of BUILDS) {
    await promisify(execFile)(process.execPath, [fileURLToPath(new URL(`../../packages/${build}`, import.meta.url))]);
  }
}
