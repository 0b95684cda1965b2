/** What a packed package says of itself and holds. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/** The regular files of a package's archive (POSIX ustar), by their paths below `package/`. */
export function readPackage(tarball: string): ReadonlyMap<string, Buffer> {
  const archive = gunzipSync(readFileSync(tarball));
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const header = archive.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const name = [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');
    if (text(header, 156, 1) === '0') {
      files.set(name.replace(/^package\//, ''), archive.subarray(at + BLOCK, at + BLOCK + size));
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Buffer, start: number, length: number): string {
  return header
    .toString('utf8', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}

/** What must not be in a package that is published; empty where all is well. */
export function packageProblems(files: ReadonlyMap<string, Buffer>): string[] {
  const manifest = files.get('package.json')?.toString() ?? '';
  const problems = ['workspace:', 'catalog:', '@apikey/source']
    .filter((word) => manifest.includes(word))
    .map((word) => `package.json still says ${word}`);
  if (!files.has('LICENSE')) problems.push('there is no LICENSE');
  // The evaluator of policies is for tests alone: its licence is not ours.
  const evaluators = [...files].filter(([, content]) => content.includes('cloud-copilot'));
  problems.push(...evaluators.map(([name]) => `${name} names the evaluator of policies`));
  const strays = [...files.keys()].filter((name) => /\.(test|fixture)\.|(^|\/)(test|src)\//.test(name));
  return [...problems, ...strays.map((name) => `${name} should not be in it`)];
}
