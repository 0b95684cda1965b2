/** What the bundles of apikey have in common: how Lambda functions are bundled, and how code that is slow to start is avoided. */
import { join } from 'node:path';

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An `import` of one evaluates every getter that it exports:
 * `node:fs` loads its promises, `node:http` a WebSocket client, `node:process` opens all three standard streams. That is
 * a third of the time that a command or a cold function takes to start. What is not used of a module is dropped.
 */
export const directBuiltins = {
  name: 'direct-builtins',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path, importer, kind }) => {
      // Commander could start executables as subcommands; nothing here does. The AWS SDK does, where a profile says so.
      const never = path === 'node:child_process' && importer.includes('commander');
      return { path, namespace: never ? 'never' : kind === 'require-call' ? 'required-builtin' : 'builtin' };
    });
    onLoad({ filter: /^/, namespace: 'never' }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: /^/, namespace: 'required-builtin' }, ({ path }) => ({
      contents: `module.exports = ${whole(path)};`,
    }));
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => {
      const all = process.getBuiltinModule(path);
      const names = Object.keys(all).filter((name) => /^[a-zA-Z]\w*$/.test(name));
      if (LATE.has(path)) return { contents: lateExports(path, all, names) };
      return { contents: `const all = ${whole(path)};\nexport default all;\n${names.map(exportOf).join('\n')}` };
    });
  },
};

/** Loaded with the first call of one of their functions: milliseconds each, for what most commands never do. */
const LATE = new Set(['node:fs/promises', 'node:readline/promises']);

function lateExports(path, all, names) {
  const callable = names.filter((name) => typeof all[name] === 'function' && !/^[A-Z]/.test(all[name].name));
  return callable.map((name) => `export const ${name} = (...given) => ${whole(path)}.${name}(...given);`).join('\n');
}

/** Dropped where nobody imports it, without a look at the getter. */
function exportOf(name) {
  return `const its_${name} = /* @__PURE__ */ (() => all.${name})();\nexport { its_${name} as ${name} };`;
}

function whole(path) {
  return `/* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(path)})`;
}

/** Evaluates `ip-address` when the first address is read: it begins by parsing forty of its own, in ten milliseconds. */
export const lateAddresses = {
  name: 'late-addresses',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^ip-address$/ }, ({ path, namespace, resolveDir }) =>
      namespace === 'late' ? undefined : { path, namespace: 'late', pluginData: resolveDir },
    );
    onLoad({ filter: /.*/, namespace: 'late' }, ({ pluginData: resolveDir }) => ({
      resolveDir,
      contents: `
        const late = (name) => {
          const Late = function (text) { return new (require('ip-address')[name])(text); };
          return Object.defineProperty(Late, Symbol.hasInstance, { value: (it) => it instanceof require('ip-address')[name] });
        };
        export const Address4 = late('Address4');
        export const Address6 = late('Address6');`,
    }));
  },
};

/** How functions for Lambda are bundled, whatever is in them. */
export const functionOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.13',
  // The SDK's ES modules, of which unused parts can be left out. Naming conditions drops esbuild's own `module`.
  conditions: ['@apikey/source', 'module'],
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  alias: {
    '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'src/function/environment-credentials.ts'),
  },
  // Imported lazily by the SDK, for browsers and for streamed answers: neither happens here.
  external: ['bowser', '@smithy/core/event-streams'],
  plugins: [directBuiltins, lateAddresses],
  minify: true,
  legalComments: 'none',
};
