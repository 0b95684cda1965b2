/**
 * Joins small chunks that are needed together. The bundler makes a chunk of what is reached by the same lazy imports, and
 * of those there are many: fifty files to find, read and link for a command, which is a fourth of its start.
 */
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles once more what was bundled, with groups of chunks that go together: what needs any chunk of a group is made to
 * need all of them, so that they are reached by the same imports, and become one.
 *
 * @param options those of the first build, without its entry and its plugins
 * @param first what it made, with a metafile and inline source maps
 * @param early entry points, the program's own first, whose chunks every start needs: lazy imports need them too
 * @param everyday entry points of lazy imports, whose chunks go together as well
 */
export async function joinChunks(options, { outputFiles, metafile }, { early, everyday }) {
  const { absWorkingDir: base } = options;
  const outputs = Object.entries(metafile.outputs).map(([path, output]) => [join(base, path), output]);
  const imports = new Map(outputs.map(([path, output]) => [path, output.imports]));
  const paths = new Map(outputs.map(([path, { entryPoint }]) => [entryPoint, path]));
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));

  const needs = (path, found = new Set()) => {
    for (const { path: other, kind } of imports.get(path) ?? []) {
      const chunk = join(base, other);
      if (kind === 'import-statement' && !found.has(chunk)) needs(chunk, found.add(chunk));
    }
    return found;
  };
  const neededBy = (entryPoints) => new Set(entryPoints.flatMap((entry) => [...needs(paths.get(entry))]));
  const groups = { early: neededBy(early), everyday: neededBy(everyday) };
  groups.everyday = groups.everyday.difference(groups.early);

  const entry = paths.get(early[0]);
  const firstBuild = {
    name: 'first-build',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^[./]/ }, ({ path, importer, kind }) => {
        const lazy = kind === 'dynamic-import';
        return { path: resolve(dirname(importer), path), namespace: lazy ? 'lazy' : 'chunk' };
      });
      onResolve({ filter: /^group:/ }, ({ path }) => ({ path, namespace: 'group' }));
      onLoad({ filter: /^/, namespace: 'group' }, ({ path }) => ({
        contents: [...groups[path.slice('group:'.length)]]
          .map((chunk) => `import ${JSON.stringify(chunk)};`)
          .join('\n'),
      }));
      onLoad({ filter: /^/, namespace: 'chunk' }, ({ path }) => ({
        contents: path === entry ? `${texts.get(path)}\nimport 'group:early';` : texts.get(path),
      }));
      onLoad({ filter: /^/, namespace: 'lazy' }, ({ path }) => {
        const everydays = !needs(path).isDisjointFrom(groups.everyday);
        const joined = ['group:early', ...(everydays ? ['group:everyday'] : []), path];
        const lines = joined.map((name) => `import ${JSON.stringify(name)};`);
        return { contents: `${lines.join('\n')}\nexport * from ${JSON.stringify(path)};` };
      });
    },
  };
  return build({ ...options, entryPoints: [entry], plugins: [firstBuild] });
}
