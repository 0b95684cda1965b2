/** Builds the scheduled functions: one bundle for both, and one zip to deploy. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { functionOptions } from '../authorizer/bundling.mjs';
import { zip } from '../authorizer/zip.mjs';

/** Another folder may be named, so that tests do not build over each other. */
const OUT = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist-functions'));

const { outputFiles } = await build({
  ...functionOptions,
  absWorkingDir: import.meta.dirname,
  entryPoints: { index: 'src/functions/index.ts' },
  outdir: OUT,
  write: false,
});

const code = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents: Buffer.from(contents) }));
const archive = zip(new Map(code.map(({ name, contents }) => [name, contents])));

// Written aside and put in place at once, so that who reads it while it is built finds the old one or the new one.
const fresh = `${OUT}.${process.pid}`;
await mkdir(fresh, { recursive: true });
for (const { name, contents } of code) await writeFile(join(fresh, name), contents);
await writeFile(join(fresh, 'apikey-functions.zip'), archive);
await rm(OUT, { recursive: true, force: true });
await rename(fresh, OUT);

const size = code.reduce((sum, { contents }) => sum + contents.length, 0);
console.log(`${code.map(({ name }) => name).join(', ')}: ${size} bytes, ${archive.length} zipped`);
