/** Servers that read a request target less exactly than the grammar: models, written without looking at the product's code. */

/** One thing that some server does with what it has of a path so far. */
export interface Step {
  readonly name: string;
  readonly apply: (path: string) => string;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** As C programs decode: wrong encodings stay, and what is not UTF-8 becomes U+FFFD. */
function decodeLeniently(path: string): string {
  const raw = Buffer.from(path, 'utf8')
    .toString('latin1')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return bytes(raw).toString('utf8');
}

/** With overlong sequences, by which `%c0%ae` is a dot. */
function decodeOverlong(path: string): string {
  const shortened = path.replaceAll(/%(c[01])%([89ab][0-9a-f])/gi, (_, lead: string, next: string) =>
    String.fromCharCode(((Number.parseInt(lead, 16) & 0x1f) << 6) | (Number.parseInt(next, 16) & 0x3f)),
  );
  return decodeLeniently(shortened);
}

/** Go's `path.Clean`, and what file systems do: empty and dot segments go away. */
function clean(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${path.endsWith('/') && kept.length > 0 ? '/' : ''}`;
}

const segments = (change: (segment: string) => string) => (path: string) => path.split('/').map(change).join('/');
const before = (mark: string) => (path: string) => path.split(mark, 1).join('');

/** By `new URL`, which browsers and many handlers of node:http use. */
function whatwg(path: string): string {
  return URL.canParse(path, 'http://x') ? new URL(path, 'http://x').pathname : path;
}

export const STEPS: readonly Step[] = [
  { name: 'Go path.Clean', apply: clean },
  { name: 'Node new URL', apply: whatwg },
  { name: 'decodes', apply: decodeLeniently },
  { name: 'decodes overlong UTF-8', apply: decodeOverlong },
  {
    name: 'decodes %u (IIS)',
    apply: (path) =>
      path.replaceAll(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  },
  { name: 'ends at #', apply: before('#') },
  { name: 'ends at ?', apply: before('?') },
  { name: 'ends at NUL', apply: before('\0') },
  { name: 'ends at a line', apply: before('\n') },
  { name: 'strips parameters (Tomcat)', apply: segments(before(';')) },
  { name: 'ends at ;', apply: before(';') },
  { name: 'strips the last parameters (Python)', apply: (path) => path.replace(/;[^/]*$/, '') },
  { name: 'backslashes are slashes', apply: (path) => path.replaceAll('\\', '/') },
  { name: 'merges slashes', apply: (path) => path.replaceAll(/\/+/g, '/') },
  {
    name: 'strips trailing dots and spaces (Windows)',
    apply: segments((segment) => (/^\.{1,2}$/.test(segment) ? segment : segment.replace(/[. ]+$/, ''))),
  },
  { name: 'trims', apply: (path) => path.trim() },
  { name: 'opens streams (NTFS)', apply: segments((segment) => segment.replace(/:(?:\$i30)?:\$.*$/i, '')) },
  { name: 'NFKC', apply: (path) => path.normalize('NFKC') },
  { name: 'NFC', apply: (path) => path.normalize('NFC') },
  {
    name: 'sees no zero-width characters (HFS+)',
    apply: (path) => path.replaceAll(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u206a-\u206f\ufeff]/g, ''),
  },
  { name: 'drops controls', apply: (path) => path.replaceAll(/\p{Cc}/gu, '') },
];

/** What `exactPaths` says that no server does. */
const INEXACT: readonly Step[] = [
  { name: 'lower case', apply: (path) => path.toLowerCase() },
  { name: 'upper case', apply: (path) => path.toUpperCase() },
  { name: 'simple case (Java)', apply: (path) => path.replaceAll('\u0130', 'i').replaceAll('\u0131', 'i') },
  { name: 'takes a slash off', apply: (path) => (path === '/' ? path : path.replace(/\/$/, '')) },
  { name: 'adds a slash', apply: (path) => (path.endsWith('/') ? path : `${path}/`) },
];

/** What a server gets of a target: no query, and bytes for characters. */
function received(target: string): string {
  return bytes(before('?')(target)).toString('utf8');
}

export function readBy(steps: readonly Step[], target: string): string {
  return steps.reduce((path, { apply }) => apply(path), received(target));
}

export const ignoresCase = (steps: readonly Step[]): boolean => steps.some(({ name }) => /case/.test(name));

/** The servers that were seen, or are documented, each as the steps it takes. */
export const SERVERS: Readonly<Record<string, readonly string[]>> = {
  'Go http.FileServer': ['ends at #', 'decodes', 'Go path.Clean'],
  'Go handler with path.Clean': ['decodes', 'Go path.Clean', 'ends at #', 'Go path.Clean'],
  'Starlette on uvicorn': ['ends at #', 'decodes', 'Go path.Clean'],
  'Node new URL': ['Node new URL', 'decodes'],
  'Node new URL over a decoded path': ['decodes', 'Node new URL', 'decodes'],
  Tomcat: ['strips parameters (Tomcat)', 'decodes', 'Go path.Clean'],
  'Tomcat, decoding first': ['decodes', 'strips parameters (Tomcat)', 'Go path.Clean'],
  PHP: ['decodes', 'ends at NUL', 'ends at ;', 'Go path.Clean'],
  'Python urlparse': ['strips the last parameters (Python)', 'decodes', 'Go path.Clean'],
  Express: ['decodes', 'lower case', 'takes a slash off'],
  IIS: [
    'decodes %u (IIS)',
    'decodes',
    'decodes',
    'backslashes are slashes',
    'Go path.Clean',
    'strips trailing dots and spaces (Windows)',
    'opens streams (NTFS)',
    'lower case',
  ],
  'a file server on macOS': ['decodes', 'sees no zero-width characters (HFS+)', 'NFC', 'Go path.Clean', 'lower case'],
  NFKC: ['decodes', 'NFKC', 'Go path.Clean', 'lower case'],
  'decoding twice': ['decodes', 'decodes', 'Go path.Clean'],
  'overlong UTF-8': ['decodes overlong UTF-8', 'Go path.Clean'],
};
export const ALL_STEPS: readonly Step[] = [...STEPS, ...INEXACT];
export const stepsOf = (names: readonly string[]): Step[] =>
  names.map((name) => ALL_STEPS.find((step) => step.name === name) ?? fail(name));
function fail(name: string): never {
  throw new Error(`there is no step ${name}`);
}
