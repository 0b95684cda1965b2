/** The whole page: one file that fetches nothing, and that says so to the browser. */
import { createHash } from 'node:crypto';
import { SCRIPT, STYLE } from './assets.ts';
import { html, Markup } from './html.ts';
import type { Model } from './model.ts';
import { attention } from './sections/attention.ts';
import { audit } from './sections/audit.ts';
import { bound } from './sections/bound.ts';
import { SPRITE } from './sections/drawing.ts';
import { events } from './sections/events.ts';
import { head } from './sections/head.ts';
import { keys } from './sections/keys.ts';
import { timeline } from './sections/timeline.ts';
import { tokens } from './sections/tokens.ts';

const CONTENTS = [
  ['attention', 'Needs attention'],
  ['timeline', 'Timeline'],
  ['keys', 'Key ring'],
  ['tokens', 'All tokens'],
  ['events', 'Recent events'],
  ['audit', 'Audit log'],
  ['bound', 'Revocation'],
] as const;

export function page(model: Model): string {
  const title = `API tokens of environment ${model.facts.environment.name}`;
  const { source } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#attention">Skip to what needs attention</a>
        ${SPRITE}
        <div class="page">
          ${head(model)}
          <nav class="contents" aria-label="Contents">
            <ul>
              ${CONTENTS.map(([name, words]) => html`<li><a href="#${name}">${words}</a></li>`)}
            </ul>
          </nav>
          <main>
            ${attention(model)}${timeline(model)}${keys(model)}${tokens(model)}${events(model)}${audit(model)}${bound(model)}
          </main>
          <footer>
            <p>
              Made by apikey ${model.facts.version}. It holds no token and no key: tokens are stored nowhere, and
              private keys never leave their place.
            </p>
          </footer>
        </div>
        ${SCRIPT_ELEMENT}
      </body>
    </html> `;
  return `${source.trimEnd()}\n`;
}

/** Their text is what the hashes are of, to the last byte. */
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);
const SCRIPT_ELEMENT = new Markup(`<script>${SCRIPT}</script>`);

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Nothing may be loaded, run or sent but what stands in the file. The icon is an empty one, so that none is asked for. */
const POLICY = [
  `default-src 'none'`,
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  `img-src data:`,
  `base-uri 'none'`,
  `form-action 'none'`,
].join('; ');
