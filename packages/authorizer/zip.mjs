/** Writes ZIP archives that are the same bytes for the same files: fixed order, time and attributes. */
import { crc32, deflateRawSync } from 'node:zlib';

/** 1980-01-01 00:00 in the format of DOS, the earliest there is. */
const DOS_DATE = 0x00_21;
/** PKWARE APPNOTE 4.4: version 2.0 is enough for deflated files. */
const VERSION = 20;
/** Upper byte: attributes are those of Unix. */
const MADE_BY = (3 << 8) | VERSION;
/** A regular file that everybody may read: Lambda runs as somebody else. */
const ATTRIBUTES = (0o100_644 << 16) >>> 0;
const UTF8_NAME = 0x08_00;
const DEFLATED = 8;

/** @param {ReadonlyMap<string, Uint8Array>} files by their names in the archive @returns {Buffer} */
export function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, bytes] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const data = deflateRawSync(bytes, { level: 9 });
    const common = commonFields(bytes, data, name);
    const header = Buffer.concat([fields([4, 0x04_03_4b_50]), common, fields([2, 0]), Buffer.from(name)]);
    directory.push(centralEntry(common, name, offset));
    parts.push(header, data);
    offset += header.length + data.length;
  }
  const central = Buffer.concat(directory);
  const count = directory.length;
  const end = fields([4, 0x06_05_4b_50], [4, 0], [2, count], [2, count], [4, central.length], [4, offset], [2, 0]);
  return Buffer.concat([...parts, central, end]);
}

/** From "version needed to extract" to "file name length": both headers of a file have these. */
function commonFields(bytes, data, name) {
  return fields(
    [2, VERSION],
    [2, UTF8_NAME],
    [2, DEFLATED],
    [2, 0],
    [2, DOS_DATE],
    [4, crc32(bytes)],
    [4, data.length],
    [4, bytes.length],
    [2, Buffer.byteLength(name)],
  );
}

function centralEntry(common, name, offset) {
  // No extra field, no comment, first disk, no internal attributes.
  const rest = fields([2, 0], [2, 0], [2, 0], [2, 0], [4, ATTRIBUTES], [4, offset]);
  return Buffer.concat([fields([4, 0x02_01_4b_50], [2, MADE_BY]), common, rest, Buffer.from(name)]);
}

/** Little-endian numbers, each with its size in bytes. */
function fields(...entries) {
  return Buffer.concat(
    entries.map(([size, value]) => {
      const buffer = Buffer.alloc(size);
      buffer.writeUIntLE(value, 0, size);
      return buffer;
    }),
  );
}
