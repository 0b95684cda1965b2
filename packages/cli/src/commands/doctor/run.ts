/** `apikey doctor`: looks at everything that an environment rests on, and says how to mend what is wrong. */
import { isEmbedded, openRegistry } from '../../backends.ts';
import { usesAws, type Caller } from '../../backends/caller.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { EMBEDDED_CAUTION } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Io } from '../../io.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { printable } from '../../terminal/printable.ts';
import type { Style } from '../../terminal/style.ts';
import { failed, finding, unchecked, type Check } from './check.ts';
import { checkRing, type Rings } from './ring.ts';
import { checkTimes } from './times.ts';
import { boundCheck, checkPending } from './tokens.ts';

export async function run({ flags }: Invocation, { io, terminal, settings: read }: Context): Promise<number> {
  const settings = await read();
  const examined = await examine(settings, io, !flags.off('sign'));
  const api = flags.text('api');
  const deployed = api === undefined ? undefined : await (await import('./api.ts')).checkApi(settings, api);
  const checks = [...examined, ...(deployed?.checks ?? [boundCheck(settings)])];
  const findings = checks.filter(({ ok }) => ok === false).length;
  if (terminal.json) {
    const shown = checks.map(({ name, ok, what, why = null, fix = null, code = null }) => ({
      name,
      ok,
      what,
      why,
      fix,
      code,
    }));
    const revocationSeconds =
      deployed === undefined ? configuredBound(settings).tokens : (deployed.revocationSeconds ?? null);
    terminal.printJson({ env: settings.env.value, ok: findings === 0, findings, revocationSeconds, checks: shown });
  } else {
    const { style } = terminal;
    const verdict = findings === 0 ? style.green('no findings') : style.red(counted(findings, 'finding'));
    terminal.print([...checkLines(checks, style), '', `${verdict} in environment ${settings.env.value}`].join('\n'));
  }
  return findings === 0 ? EXIT_CODES.done.code : EXIT_CODES.findings.code;
}

async function examine(settings: Settings, io: Io, signs: boolean): Promise<readonly Check[]> {
  const checks: Check[] = [];
  let caller: Caller | undefined;
  if (usesAws(settings)) {
    const { checkCaller } = await import('./caller.ts');
    const found = await checkCaller(settings, io);
    checks.push(...found.checks);
    ({ caller } = found);
  }
  if (settings.registry.scheme === 'dynamodb') {
    if (caller === undefined) return checks;
    const { checkTable } = await import('./table.ts');
    const table = await checkTable(settings, io);
    checks.push(...table);
    if (table.some(({ name, ok }) => name === 'table' && ok === false)) return checks;
  } else {
    const { checkSqlite } = await import('./sqlite.ts');
    const file = await checkSqlite(settings);
    if (file.some(({ code }) => code === 'REGISTRY_NOT_FOUND')) return [...checks, notSetUp(settings)];
    checks.push(...file);
  }
  return [...checks, ...(await examineContents(settings, io, caller, signs))];
}

async function examineContents(
  settings: Settings,
  io: Io,
  caller: Caller | undefined,
  signs: boolean,
): Promise<readonly Check[]> {
  try {
    const registry = await openRegistry(settings, 'read');
    try {
      const { rings, checks } = await checkRing(registry, settings);
      const keys = rings === undefined ? [] : await examineKeys(rings, settings, io, caller, signs);
      const pending = await checkPending(registry, io.clock, settings);
      return [
        ...checks,
        ...keys,
        ...pending,
        ...(await checkTimes(registry, io.clock.now() - (caller?.clockSkew ?? 0))),
      ];
    } finally {
      await registry.close();
    }
  } catch (error) {
    return [failed('registry', error)];
  }
}

async function examineKeys(
  rings: Rings,
  settings: Settings,
  io: Io,
  caller: Caller | undefined,
  signs: boolean,
): Promise<readonly Check[]> {
  if (settings.keys.scheme === 'file') {
    const { checkKeyFiles } = await import('./key-files.ts');
    const checks = await checkKeyFiles(rings, settings, io, signs);
    return isEmbedded(settings) ? [...checks, unchecked('locks', EMBEDDED_CAUTION)] : checks;
  }
  if (caller === undefined) return [];
  const { checkKms } = await import('./kms.ts');
  // Keys of seals have another alias and tag: none of them is taken for one that was left over.
  return checkKms(rings.ring, caller, settings, signs);
}

function notSetUp({ env, registry }: Settings): Check {
  const fix = `run: apikey init --env ${env.value}`;
  return finding(
    'registry',
    `environment ${env.value} is not set up`,
    `there is no registry in ${registry.place}`,
    fix,
  );
}

function checkLines(checks: readonly Check[], style: Style): string[] {
  const { yes, no, open: neither } = style.symbols;
  const marks = { true: style.green(yes), false: style.red(no), null: style.dim(neither) };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  return checks.flatMap(({ name, ok, what, why, fix }) => {
    const line = `${name.padEnd(width)}  ${printable(what)}`;
    return [
      `${marks[`${ok}`]} ${ok === null ? style.dim(line) : line}`,
      ...(why === undefined ? [] : [`${indent}${style.dim('why')}  ${printable(why)}`]),
      ...(fix === undefined ? [] : [`${indent}${style.dim('fix')}  ${printable(fix)}`]),
    ];
  });
}
