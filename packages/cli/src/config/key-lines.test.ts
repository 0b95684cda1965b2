import { expect, it } from 'vitest';
import { KeyLines } from './key-lines.ts';

const TEXT = `# a comment
env = "local"
[envs.local]
registry = "sqlite:"

[envs."prod"]
  issuer = "https://a" # = not a key
envs.x = 1
[other]
inline = { a = 1, b = 2 }
`;

it.each([
  [['env'], 2],
  [['envs', 'local'], 3],
  [['envs', 'local', 'registry'], 4],
  [['envs', 'prod', 'issuer'], 7],
  [['envs', 'prod', 'envs', 'x'], 8],
  [['other', 'inline', 'b'], 10],
  [['envs', 'local', 'missing'], 3],
  [['nothing'], undefined],
])('%j stands on line %s', (path, line) => {
  expect(new KeyLines(TEXT).of(path)).toBe(line);
});
