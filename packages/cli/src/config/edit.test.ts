import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { editToml } from './edit.ts';

const FILE = `# ours
env = "local" # the default

[envs.local]
issuer   = "https://a" # who
# max_ttl = "1d"

# production
[envs.prod]
issuer = 'https://b'
max_staleness = 5
`;

describe('a value of a configuration file', () => {
  it.each([
    [[], 'env', 'prod', 'env = "local" # the default', 'env = "prod" # the default'],
    [['envs', 'local'], 'issuer', 'https://c', 'issuer   = "https://a" # who', 'issuer   = "https://c" # who'],
    [['envs', 'prod'], 'issuer', 'x"\\y', "issuer = 'https://b'", 'issuer = "x\\"\\\\y"'],
    [['envs', 'prod'], 'max_staleness', 0, 'max_staleness = 5', 'max_staleness = 0'],
    [['envs', 'prod'], 'keys', 'file:', 'max_staleness = 5\n', 'max_staleness = 5\nkeys = "file:"\n'],
    [['envs', 'local'], 'keys', 'file:', '# who\n', '# who\nkeys = "file:"\n'],
    [['envs', 'new'], 'keys', 'file:', 'max_staleness = 5\n', 'max_staleness = 5\n\n[envs.new]\nkeys = "file:"\n'],
  ] as const)('%j %s = %j changes that alone', (table, key, value, before, after) => {
    expect(editToml(FILE, table, key, value)).toBe(FILE.replace(before, () => after));
  });

  it('may be the first of the file, and keeps the ends of lines', () => {
    expect(editToml('', [], 'env', 'a')).toBe('env = "a"\n');
    expect(editToml('', ['envs', 'a'], 'keys', 'file:')).toBe('[envs.a]\nkeys = "file:"\n');
    expect(editToml('[envs.a]\r\nkeys = "x"\r\n', [], 'env', 'a')).toBe('env = "a"\r\n[envs.a]\r\nkeys = "x"\r\n');
    expect(editToml('[envs.a]\r\nkeys = "x"\r\n', ['envs', 'a'], 'keys', 'y')).toBe('[envs.a]\r\nkeys = "y"\r\n');
  });

  it.each([
    ['envs = { a = { keys = "x" } }\n', ['envs', 'a'], 'keys'],
    ['[envs.a]\nkeys = """\nx"""\n', ['envs', 'a'], 'keys'],
    ['[envs.a]\nissuer = """\nkeys = "x"\n"""\n', ['envs', 'a'], 'keys'],
    ['envs.a.keys = "x"\n', ['envs', 'a'], 'issuer'],
  ])('in the form of %j is left to an editor', (text, table, key) => {
    expect(() => editToml(text, table, key, 'y')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('is read back as it was given, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('', FILE, '[envs.prod]\n'), (value, text) => {
        const edited = parse(editToml(text, ['envs', 'prod'], 'issuer', value));
        expect(edited).toMatchObject({ envs: { prod: { issuer: value } } });
      }),
    );
  });
});
