/** `node bundle-peer.mjs FOLDER`: bundles the peer as apikey's function is, and once more as esbuild does by default. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { functionOptions } from '../../packages/authorizer/bundling.mjs';
import { zip } from '../../packages/authorizer/zip.mjs';

const [folder] = process.argv.slice(2);
const entry = {
  absWorkingDir: import.meta.dirname,
  entryPoints: { index: 'peer-handler.ts' },
  bundle: true,
  platform: 'node',
  outExtension: { '.js': '.mjs' },
};
const bundles = {
  alike: { ...functionOptions },
  // What is CommonJS in it needs a `require`, which an ES module does not have.
  defaults: {
    format: 'esm',
    minify: true,
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  },
};
const zipped = {};
for (const [name, options] of Object.entries(bundles)) {
  const outdir = join(folder, name);
  await build({ ...entry, ...options, outdir });
  const { outputFiles } = await build({ ...entry, ...options, outdir, write: false });
  zipped[name] = zip(new Map(outputFiles.map(({ contents }) => ['index.mjs', Buffer.from(contents)]))).length;
}
console.log(JSON.stringify(zipped));
