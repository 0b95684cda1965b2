/** One key id in 64 starts with a hyphen: such an argument must not be taken for a flag. */

/** A whole kid, or with a single hyphen the beginning of one: no flag of any command has either form and length. */
const DASHED_KID = /^-(?:[A-Za-z0-9_-]{42}|[A-Za-z0-9_][A-Za-z0-9_-]{4,41})$/;

/** Puts dashed kids behind `--`, unless they are the value of a flag. Only for commands that take a kid. */
export function guardDashedKids(argv: readonly string[]): string[] {
  if (!argv.includes('keys') || argv.includes('--')) return [...argv];
  const isArgument = (word: string, index: number): boolean => DASHED_KID.test(word) && argv[index - 1] !== '--confirm';
  const kids = argv.filter(isArgument);
  return kids.length === 0 ? [...argv] : [...argv.filter((word, index) => !isArgument(word, index)), '--', ...kids];
}
