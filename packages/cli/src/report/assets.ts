/** The page's own style sheet and script, which stand inside it. `build.mjs` puts their text in place of this file's reads. */
import { readFileSync } from 'node:fs';

/** Independent of each other: each stands in a function of its own. */
const SCRIPTS = ['theme.js', 'clients.js', 'tokens.js', 'scroll.js', 'print.js'] as const;

export const STYLE: string = read('style.css');
export const SCRIPT: string = SCRIPTS.map((name) => `(() => {\n${read(name)}})();\n`).join('');

function read(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
}
