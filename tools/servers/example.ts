/** The proxy configurations of examples/proxies, with the addresses of a test in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'proxies');

/** Each address must be there once, or it is not the example that is tested. */
export function example(name: string, gateway: string, backend: string): string {
  let text = readFileSync(join(EXAMPLES, name), 'utf8');
  for (const [from, to] of [
    ['127.0.0.1:8080', gateway],
    ['127.0.0.1:3000', backend],
  ] as const) {
    // Comments show commands.
    text = text.replaceAll(/^#.*$/gm, '');
    if (text.split(from).length !== 2) throw new Error(`${from} is not once in ${name}`);
    text = text.replace(from, new URL(to).host);
  }
  return text;
}
