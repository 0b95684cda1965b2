/**
 * Item 5, AWS: `apikey issue --from` as a process, from its start to its end, with nothing tuned, against DynamoDB and
 * KMS on loopback that answer after 20 ms; KMS makes 300 signatures in any second and refuses more.
 */
import { startAws, type AwsEndpoint } from '../bulk/aws-endpoint.ts';
import { checkTokens } from '../bulk/check-tokens.ts';
import { CommandHome } from '../bulk/command.ts';
import { bench, quick, sized } from '../harness/item.ts';
import type { Row } from '../harness/outcome.ts';
import { digits } from '../harness/print.ts';
import { spreadOf } from '../harness/spread.ts';

const LATENCY = 20;
const LIMIT = 300;
/** Of the limit. */
const SHARE = 0.9;
const TOKENS = sized(10_000, 1_800);
const ENV = 'bench';

interface Run {
  readonly name: string;
  readonly tokens: number;
  readonly clients: number;
  /** One for each token, and one for each commit that prepares up to 24 of a client. */
  readonly signatures: number;
  /** Signatures a second, from the start of the process to its end. */
  readonly rate: number;
  /** From the first signature to the last. */
  readonly steadyRate: number;
  readonly refused: number;
}

await bench('bulk-aws', async () => {
  using aws = await startAws(LATENCY, LIMIT);
  const many = await run(aws, '24 for each client', TOKENS, Math.ceil(TOKENS / 24));
  const others = quick
    ? []
    : [
        await run(aws, 'one for each client', TOKENS / 10, TOKENS / 10),
        await run(aws, 'all for one client', TOKENS / 10, 1),
      ];
  const runs = [many, ...others];
  return {
    rows: [signingRow(many), wholeRow(many, SHARE), ...others.map((it) => wholeRow(it))],
    tables: [
      {
        title: `Issuing against ${LATENCY} ms and ${LIMIT} signatures a second`,
        columns: ['input', 'tokens', 'signatures', 'signatures a second', 'while it signs', 'refused by KMS'],
        rows: runs.map((it) => [
          it.name,
          digits(it.tokens),
          digits(it.signatures),
          digits(it.rate),
          digits(it.steadyRate),
          String(it.refused),
        ]),
      },
    ],
  };
});

/** From the first signature to the last, which is when there is a limit to keep to. */
function signingRow({ name, tokens, steadyRate, refused }: Run): Row {
  return {
    ...rateRow(`5 bulk, AWS: ${digits(tokens)} tokens, ${name}, while it signs`, steadyRate),
    target: { atLeast: SHARE },
    note: `with the default rate of 285 a second; KMS refused ${refused} at first, none of which the user was told`,
  };
}

/** The start of the process and the check of the whole file before anything is signed count as well. */
function wholeRow({ name, tokens, rate }: Run, target?: number): Row {
  const row = rateRow(`5 bulk, AWS: ${digits(tokens)} tokens, ${name}`, rate);
  if (target === undefined) return row;
  const note = quick
    ? 'so few tokens are signed in seconds, of which the start of the process and the check of the file take one'
    : 'from the start of the process to its end: two seconds pass before the first signature';
  return { ...row, target: { atLeast: target }, note };
}

function rateRow(item: string, rate: number): Row {
  const peer = { name: 'limit of KMS', value: spreadOf([LIMIT]) };
  return { item, unit: '/s', ours: spreadOf([rate]), peer, ratio: spreadOf([rate / LIMIT]) };
}

async function run(aws: AwsEndpoint, name: string, tokens: number, clients: number): Promise<Run> {
  const table = `bulk-${tokens}-${clients}`;
  using home = new CommandHome(aws.env);
  home.configure(ENV, { registry: `dynamodb:${table}`, keys: `awskms:alias/${table}` });
  await home.run(['init', '--env', ENV, '--yes']);
  home.writeRequests('clients.csv', tokens, clients);
  await aws.takeReport();
  const { millis, stderr } = await home.run(['issue', '--env', ENV, '--from', 'clients.csv', '--out-dir', 'tokens']);
  const { made, refused, first, last } = await aws.takeReport();
  if (/throttl|limits the requests|too much/i.test(stderr))
    throw new Error(`the user was told of throttling: ${stderr}`);
  await checkTokens(aws, table, home.file('tokens'), tokens);
  return {
    name,
    tokens,
    clients,
    signatures: made,
    rate: (made * 1000) / millis,
    steadyRate: ((made - 1) * 1000) / (last - first),
    refused,
  };
}
