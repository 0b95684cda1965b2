/** Builds the Lambda function that needs no code of its own: bundle, source maps apart, and one zip to deploy. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { functionOptions } from './bundling.mjs';
import { zip } from './zip.mjs';

/** Another folder may be named, so that tests do not build over each other. */
const OUT = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist-function'));

/**
 * Puts the small clients in the place of the SDK's, in the files of `@apikey/shared` that the function uses. The others
 * keep the SDK, and are dropped with it: whatever else is used one day brings it back, which a test would notice.
 */
const smallClients = {
  name: 'small-clients',
  setup({ onResolve }) {
    const users = /[\\/]aws[\\/](?:dynamodb[\\/](?:reads|usage-recorder)|kms[\\/](?:regions|public-key))\.ts$/;
    onResolve({ filter: /^@aws-sdk\/client-(?:dynamodb|kms)$/ }, ({ path, importer }) => {
      const service = path.split('-').at(-1);
      return users.test(importer)
        ? { path: join(import.meta.dirname, 'src/function/aws-client', `${service}.ts`) }
        : undefined;
    });
  },
};

const { outputFiles, metafile } = await build({
  ...functionOptions,
  absWorkingDir: import.meta.dirname,
  entryPoints: { index: 'src/function/index.ts' },
  outdir: OUT,
  plugins: [...functionOptions.plugins, smallClients],
  sourcemap: 'external',
  metafile: true,
  write: false,
});

const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents: Buffer.from(contents) }));
const code = files.filter(({ name }) => !name.endsWith('.map'));
const archive = zip(new Map(code.map(({ name, contents }) => [name, contents])));

// Written aside and put in place at once, so that who reads it while it is built finds the old one or the new one.
const fresh = `${OUT}.${process.pid}`;
await mkdir(join(fresh, 'maps'), { recursive: true });
for (const { name, contents } of files) {
  await writeFile(join(fresh, name.endsWith('.map') ? join('maps', name) : name), contents);
}
await writeFile(join(fresh, 'meta.json'), JSON.stringify(metafile));
await writeFile(join(fresh, 'apikey-authorizer.zip'), archive);
await rm(OUT, { recursive: true, force: true });
await rename(fresh, OUT);

const size = code.reduce((sum, { contents }) => sum + contents.length, 0);
console.log(`${code.map(({ name }) => name).join(', ')}: ${size} bytes, ${archive.length} zipped`);
