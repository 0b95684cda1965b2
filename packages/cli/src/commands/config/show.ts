/** `apikey config show`: every setting, its value, and where it comes from. */
import type { Invocation } from '../../command-line/definition.ts';
import { SETTING_NAMES, sourceText, type Sourced } from '../../config/settings.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { alignedTable, tabSeparated, type Column } from '../../terminal/table.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

export async function run(_: Invocation, { terminal, settings: read }: Context): Promise<number> {
  const settings = await read();
  const rows = settingRows(settings);
  if (terminal.json) {
    const values = rows.map(({ name, value, source }) => [name, { value, source }]);
    const { env, files, unknownVariables } = settings;
    terminal.printJson({ env: env.value, files, settings: Object.fromEntries(values), unknownVariables });
  } else {
    const columns: Column<Row>[] = [
      { title: 'setting', cell: ({ name }) => name, paint: (text) => terminal.style.bold(text) },
      { title: 'value', cell: ({ value }) => value },
      { title: 'source', cell: ({ source }) => source, paint: (text) => terminal.style.dim(text) },
    ];
    const shown = [...rows, ...settings.unknownVariables.map(ignoredRow)];
    const lines = terminal.isTTY
      ? alignedTable(shown, columns, terminal)
      : tabSeparated(
          shown,
          columns.map(({ cell }) => cell),
        );
    terminal.print(lines.join('\n'));
  }
  return EXIT_CODES.done.code;
}

function settingRows({ env, raw, dataDir, passphrase }: Settings): Row[] {
  return [
    ...row('env', env),
    ...SETTING_NAMES.flatMap((name) => row(name, raw.get(name))),
    ...row('data_dir', dataDir),
    {
      name: 'keys_passphrase',
      value: passphrase === undefined ? 'not set' : 'set',
      source: passphrase === undefined ? 'default' : 'APIKEY_KEYS_PASSPHRASE',
    },
  ];
}

function row(name: string, sourced: Sourced<string> | undefined): Row[] {
  return sourced === undefined ? [] : [{ name, value: sourced.value, source: sourceText(sourced.source) }];
}

/** Without its value, which may be a secret of something else. */
function ignoredRow(name: string): Row {
  return { name, value: 'ignored: apikey knows no such variable', source: 'environment' };
}
