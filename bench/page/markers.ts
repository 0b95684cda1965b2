/** Pages of which some parts are generated: `<!-- results: NAME -->` to `<!-- /results -->`. The rest is nobody's but the author's. */

const PART = /(?<open><!-- results: (?<name>[\w-]+) -->\n)(?<body>[\s\S]*?)(?<close><!-- \/results -->)/g;

/** The names of the generated parts, in order. */
export function partNames(page: string): string[] {
  return [...page.matchAll(PART)].map(({ groups }) => groups?.['name'] ?? '');
}

/** The page with each part written anew. `write` is given its name. Throws for a mark that is opened and not closed. */
export function rewrite(page: string, write: (name: string) => string): string {
  const opened = page.split('<!-- results: ').length - 1;
  if (opened !== partNames(page).length) throw new SyntaxError('a part of the page is opened and not closed');
  return page.replaceAll(PART, (...match) => {
    const { open, name, close } = match.at(-1) as Record<'open' | 'name' | 'close', string>;
    return `${open}\n${write(name).trim()}\n\n${close}`;
  });
}
