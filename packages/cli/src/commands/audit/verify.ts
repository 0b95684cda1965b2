/** `apikey audit verify`: recomputes chains and state, of the registry or of an export, and says what does not fit. */
import { resolve } from 'node:path';
import { NotFoundError, parseClientId, registrySource, verifyAudit, type AuditSource } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { ExportFile } from '../../export-file/open.ts';
import { progress } from '../../terminal/progress.ts';
import { auditGrants, type AuditGrants } from './grants.ts';
import { readSeal } from './seal-input.ts';
import { reportJson, reportText, type Checked } from './verify-words.ts';

/** What is checked, until it is closed. */
interface Subject {
  readonly source: AuditSource;
  readonly checked: Omit<Checked, 'seal' | 'grants'>;
  readonly grants: AuditGrants;
  readonly close: () => Promise<void>;
}

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const client = parseOptional('--client', flags.text('client'), parseClientId);
  const from = flags.text('from');
  const surveyed = progress('events found', undefined, context);
  const subject = from === undefined ? await registryOf(context) : await exportOf(from, context, surveyed.advance);
  try {
    const seal = await readSeal(flags, subject.source, context);
    const bar = progress('events checked', undefined, context);
    const found = await verifyAudit(subject.source, {
      now: io.clock.now(),
      client,
      seal: seal?.statement,
      grants: subject.grants.verifier,
      onProgress: (step, count, total) => (step === 'survey' ? surveyed.advance(count) : bar.advance(count, total)),
    });
    const report = { ...found, findings: [...(seal?.findings ?? []), ...found.findings] };
    const checked: Checked = { ...subject.checked, seal, grants: subject.grants };
    if (client !== undefined && report.aggregates === 0 && report.findings.length === 0) {
      throw clientNotFound(client, checked);
    }
    if (terminal.json) terminal.printJson(reportJson(report, checked));
    else terminal.print(reportText(report, checked, terminal.style));
    return report.findings.length === 0 ? EXIT_CODES.done.code : EXIT_CODES.findings.code;
  } finally {
    await subject.close();
  }
}

async function registryOf({ settings: read, io }: Context): Promise<Subject> {
  const settings = await read();
  const { registry } = await openForReading(settings);
  return {
    grants: await auditGrants(settings, registry, io),
    source: registrySource(registry),
    checked: { env: settings.env.value, from: undefined, exportedAt: undefined, unfinished: 0 },
    close: () => registry.close(),
  };
}

/** Asks for no settings: an export is checked wherever it lies. */
async function exportOf(from: string, { io }: Context, onEvents: (count: number) => void): Promise<Subject> {
  const file = await ExportFile.open(resolve(io.cwd, from), onEvents);
  const { header, end, unfinished } = file.scan;
  return {
    grants: { notVerified: 'an export is checked without the keys of its environment' },
    source: file.source,
    checked: { env: header.env, from, exportedAt: end?.at, unfinished },
    close: () => file[Symbol.asyncDispose](),
  };
}

function clientNotFound(client: string, { env, from }: Pick<Checked, 'env' | 'from'>): NotFoundError {
  return new NotFoundError('CLIENT_NOT_FOUND', `no client ${client}`, {
    why: `${from ?? `environment ${env}`} has neither the client nor an event or token of it`,
    fix: 'list those that there are: apikey clients list',
  });
}
