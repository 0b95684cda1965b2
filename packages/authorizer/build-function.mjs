/** Builds the Lambda function that needs no code of its own: bundle, source maps apart, and one zip to deploy. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { zip } from './zip.mjs';

/** Another folder may be named, so that tests do not build over each other. */
const OUT = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist-function'));

const { outputFiles, metafile } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: { index: 'src/function/index.ts' },
  outdir: OUT,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // What is imported lazily becomes a chunk: KMS, above all.
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node22.13',
  // The SDK's ES modules, of which unused parts can be left out. Naming conditions drops esbuild's own `module`.
  conditions: ['@apikey/source', 'module'],
  mainFields: ['module', 'main'],
  alias: { '@aws-sdk/credential-provider-node': './src/function/environment-credentials.ts' },
  // Imported lazily by the SDK, for browsers and for streamed answers: neither happens here.
  external: ['bowser', '@smithy/core/event-streams'],
  minify: true,
  legalComments: 'none',
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
