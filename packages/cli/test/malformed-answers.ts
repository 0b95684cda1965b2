/** Answers that an upstream should not give, byte by byte, and what a client of the gateway gets for each. */

export interface MalformedAnswer {
  readonly name: string;
  /** Written in turn, one write each, as Latin-1. */
  readonly writes: readonly string[];
  /** What the upstream does behind it: nothing, end, cut the connection, or write the same again and again. */
  readonly ending: 'stay' | 'end' | 'reset' | 'repeat';
  /** The status for the client; 0 = the head was passed on already, and the connection is cut. */
  readonly status: number;
  /** Whether the connection may be cut instead, since nobody knows how long the end of an answer travels. */
  readonly orCut?: boolean;
  readonly method?: 'GET' | 'HEAD' | 'POST';
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

const answer = (name: string, written: string | readonly string[], status = 502): MalformedAnswer => ({
  name,
  writes: typeof written === 'string' ? [written] : written,
  ending: 'stay',
  status,
});
const whole = (head: string): string => `${head}Content-Length: 2\r\n\r\nok`;
const ended = (name: string, written: string | readonly string[], status = 502): MalformedAnswer => ({
  ...answer(name, written, status),
  ending: 'end',
});
const reset = (name: string, written: string, status = 502): MalformedAnswer => ({
  ...answer(name, written, status),
  ending: 'reset',
});

const STATUS_LINES: readonly MalformedAnswer[] = [
  ...['000', '001', '099', '600', '999', '1000', '20', '2', '-200', '+200', '0x0', '2OO', '', '٢٠٠'].map((status) =>
    answer(`the status ${JSON.stringify(status)}`, whole(`HTTP/1.1 ${status} X\r\n`)),
  ),
  ...[0x00, 0x01, 0x07, 0x08, 0x0b, 0x0c, 0x1b, 0x7f].map((code) =>
    answer(`a reason with the character ${code}`, whole(`HTTP/1.1 200 O${String.fromCharCode(code)}K\r\n`)),
  ),
  answer('a reason with a bare CR', whole('HTTP/1.1 200 O\rX-Injected: 1\r\n')),
  answer('no status line', 'Content-Length: 2\r\n\r\nok'),
  answer('HTTP/0.9', '<html>\r\n\r\n'),
  ...['HTTP/2.0', 'HTTP/1.2', 'HTTP/3.0', 'HTTP/11.1', 'HTTP/1', 'http/1.1', 'HTTPS/1.1', 'ICY'].map((version) =>
    answer(`the version ${version}`, whole(`${version} 200 OK\r\n`)),
  ),
  answer('two spaces before the status', whole('HTTP/1.1  200 OK\r\n')),
  answer('a tab before the status', whole('HTTP/1.1\t200 OK\r\n')),
  answer('a space before the version', whole(' HTTP/1.1 200 OK\r\n')),
  answer('binary data', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n'),
  answer('a request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  answer('an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'),
  answer('an endless reason', `HTTP/1.1 200 ${'x'.repeat(100_000)}\r\n\r\n`),
  answer('101 to a plain request', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  answer('101 without a protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'),
];

const FIELDS: readonly MalformedAnswer[] = [
  ...['X-A\0: 1', 'X A: 1', 'X-A : 1', ': 1', 'X-A', 'X-A\x01: 1', 'X-É: 1', 'X(A): 1', '\tX-A: 1'].map((field) =>
    answer(`the field ${JSON.stringify(field)}`, whole(`${OK}${field}\r\n`)),
  ),
  ...[0x00, 0x01, 0x0b, 0x1b, 0x7f].map((code) =>
    answer(`a value with the character ${code}`, whole(`${OK}X-A: a${String.fromCharCode(code)}b\r\n`)),
  ),
  answer('a value with a bare CR', whole(`${OK}X-A: a\rb\r\n`)),
  answer('a line that ends in CR alone', whole(`${OK}X-A: a\r`)),
  answer('huge fields', whole(`${OK}X-A: ${'x'.repeat(200_000)}\r\n`)),
  answer('ten thousand fields', whole(`${OK}${'X-A: 1\r\n'.repeat(10_000)}`)),
  answer('fields that never end', `${OK}X-A: 1\r\n`, 504),
  answer('half a status line', 'HTTP/1.1 2', 504),
  { ...answer('empty lines without end', '\r\n', 504), ending: 'repeat' },
  { ...answer('a reason without end', ['HTTP/1.1 200 O', 'K'.repeat(1_000)], 502), ending: 'repeat' },
];

const LENGTHS: readonly MalformedAnswer[] = [
  ...['-1', '+2', '2, 2', '2 2', '0x2', '2.0', '1e1', '', 'abc', '99999999999999999999', '18446744073709551618'].map(
    (length) => answer(`the length ${JSON.stringify(length)}`, `${OK}Content-Length: ${length}\r\n\r\nok`),
  ),
  answer('two lengths that differ', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`),
  answer('two lengths that agree', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`),
  answer('a length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  answer('chunks and a length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  answer('more than the length', `${OK}Content-Length: 2\r\n\r\nok and more`),
  // The first one is whole; the connection is not used again.
  answer('two answers at once', `${whole(OK)}${whole(OK)}`, 200),
  answer('204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'),
  answer('204 with a length and no body', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n'),
  answer('204 with chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
  answer('204 with a body of no length', 'HTTP/1.1 204 No Content\r\n\r\nok'),
  answer('304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok'),
  { ...answer('an answer to HEAD with a body', whole(OK)), method: 'HEAD' },
  answer('less than the length, and silence', `${OK}Content-Length: 9\r\n\r\nok`, 0),
  { ...ended('less than the length, and the end', `${OK}Content-Length: 9\r\n\r\nok`), orCut: true },
  { ...reset('less than the length, and a reset', `${OK}Content-Length: 9\r\n\r\nok`), orCut: true },
];

const ENCODINGS: readonly MalformedAnswer[] = [
  ...['gzip', 'identity', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'xchunked', '"chunked"', ''].map(
    (encoding) => answer(`the encoding ${JSON.stringify(encoding)}`, `${OK}Transfer-Encoding: ${encoding}\r\n\r\nok`),
  ),
  ...['zz', '-2', '+2', '0x2', '2 2', ' 2', 'ffffffffffffffffff', ';', 'g', '\0'].map((size) =>
    answer(`a chunk of the size ${JSON.stringify(size)}`, `${CHUNKED}${size}\r\nok\r\n0\r\n\r\n`),
  ),
  answer('a chunk that is longer than its size', `${CHUNKED}2\r\nokay\r\n0\r\n\r\n`),
  answer('a chunk without its end', `${CHUNKED}2\r\nok0\r\n\r\n`),
  answer('a chunk that ends in LF alone', `${CHUNKED}2\nok\n0\n\n`),
  answer('a bad chunk behind a good one', `${CHUNKED}2\r\nok\r\nzz\r\n`),
  answer('a control character in an extension', `${CHUNKED}2;a=\0\r\nok\r\n0\r\n\r\n`),
  answer('a trailer that is no field', `${CHUNKED}2\r\nok\r\n0\r\nno field\r\n\r\n`),
  answer('a trailer with a NUL', `${CHUNKED}2\r\nok\r\n0\r\nX-A: a\0b\r\n\r\n`),
  answer('huge trailers', `${CHUNKED}2\r\nok\r\n0\r\nX-A: ${'x'.repeat(200_000)}\r\n\r\n`),
  answer('chunks with no last one, and silence', `${CHUNKED}2\r\nok\r\n`, 0),
  { ...ended('chunks with no last one, and the end', `${CHUNKED}2\r\nok\r\n`), orCut: true },
  { ...reset('chunks with no last one, and a reset', `${CHUNKED}2\r\nok\r\n`), orCut: true },
  { ...ended('half a chunk', `${CHUNKED}9\r\nok`), orCut: true },
  answer('a bad chunk behind a long good one', `${CHUNKED}10000\r\n${'x'.repeat(65_536)}\r\nzz\r\n`, 0),
];

const ENDINGS: readonly MalformedAnswer[] = [
  ended('nothing', []),
  answer('silence', [], 504),
  reset('a reset', ''),
  ended('an empty line', '\r\n'),
  ended('half a status line, and the end', 'HTTP/1.1 2'),
  ended('half of the fields, and the end', `${OK}Content-Le`),
  reset('half of the fields, and a reset', `${OK}Content-Le`),
  { ...ended('nothing for a POST', []), method: 'POST' },
];

const EARLY_HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const INFORMATIONAL: readonly MalformedAnswer[] = [
  answer('a thousand early hints, and silence', EARLY_HINT.repeat(1_000), 504),
  { ...answer('early hints without end', EARLY_HINT, 504), ending: 'repeat' },
  ended('early hints, and the end', EARLY_HINT.repeat(3)),
  answer('100 Continue, and silence', 'HTTP/1.1 100 Continue\r\n\r\n', 504),
  answer('an informational answer with a body', `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nok${whole(OK)}`),
  answer('100 Continue and a bad status', `HTTP/1.1 100 Continue\r\n\r\n${whole('HTTP/1.1 000 X\r\n')}`),
  answer('102 with a control character', 'HTTP/1.1 102 A\0B\r\n\r\n', 504),
  answer('199', 'HTTP/1.1 199 X\r\n\r\n', 504),
];

/** What looks odd and is to be passed on. */
const GOOD: readonly MalformedAnswer[] = [
  answer('a status without a reason', whole('HTTP/1.1 200\r\n'), 200),
  answer('a reason in Latin-1', whole('HTTP/1.1 200 D\xe9j\xe0\r\n'), 200),
  answer('a value in Latin-1', whole(`${OK}X-A: D\xe9j\xe0\r\n`), 200),
  answer('an unknown status', whole('HTTP/1.1 599 X\r\n'), 599),
  answer('HTTP/1.0 with a length', whole('HTTP/1.0 200 OK\r\n'), 200),
  ended('HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nok', 200),
  ended('a body that ends with the connection', `${OK}\r\nok`, 200),
  answer('early hints before the answer', `${EARLY_HINT.repeat(20)}${whole(OK)}`, 200),
  answer('204 with a length of 0', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', 204),
  answer('304 with the length of another', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 304),
  { ...answer('a length for HEAD', `${OK}Content-Length: 9\r\n\r\n`, 200), method: 'HEAD' },
  answer('chunks with extensions and trailers', `${CHUNKED}2;a=b\r\nok\r\n0\r\nX-Client-Id: root\r\n\r\n`, 200),
  answer('an answer in pieces', [...whole(OK)], 200),
];

/** The key of RFC 6455 section 1.3, and what has to be answered. */
export const WEBSOCKET_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';
const OPENING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

/** Answers to a WebSocket that must not open one. */
export const OPENINGS: readonly MalformedAnswer[] = [
  answer('no accept', `${OPENING}\r\n`),
  answer('another accept', `${OPENING}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n`),
  answer('two accepts', `${OPENING}${ACCEPT}${ACCEPT}\r\n`),
  answer('no protocol', `HTTP/1.1 101 X\r\nConnection: Upgrade\r\n${ACCEPT}\r\n`),
  answer('another protocol', `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${ACCEPT}\r\n`),
  answer('a reason with a control character', OPENING.replace('Switching', 'Swit\x01ching') + `${ACCEPT}\r\n`),
  answer('a bare CR in a value', `${OPENING}X-A: a\rb\r\n${ACCEPT}\r\n`),
  answer('a length', `${OPENING}Content-Length: 2\r\n${ACCEPT}\r\nok`),
  answer('chunks', `${OPENING}Transfer-Encoding: chunked\r\n${ACCEPT}\r\n2\r\nok\r\n0\r\n\r\n`),
  answer('half of the fields', OPENING, 504),
  ended('half of the fields, and the end', OPENING),
  answer(
    '200 with the fields of an opening',
    `${OPENING.replace('101', '200')}${ACCEPT}Content-Length: 2\r\n\r\nok`,
    200,
  ),
];

export const ANSWERS: readonly MalformedAnswer[] = [
  ...STATUS_LINES,
  ...FIELDS,
  ...LENGTHS,
  ...ENCODINGS,
  ...ENDINGS,
  ...INFORMATIONAL,
  ...GOOD,
];
