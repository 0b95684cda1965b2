/** Reads ZIP archives as unpackers do, from the directory at their end (PKWARE APPNOTE 4.3). */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly contents: Buffer;
  /** Of Unix, in octal. */
  readonly mode: string;
  /** Date and time as DOS writes them. */
  readonly date: number;
  readonly time: number;
}

/** Throws where sizes, checksums or signatures do not fit. */
export function readZip(archive: Buffer): ZipEntry[] {
  const end = archive.length - 22;
  expectSignature(archive, end, 0x06_05_4b_50);
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    expectSignature(archive, at, 0x02_01_4b_50);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    entries.push({
      name,
      contents: readContents(archive, at, nameLength),
      mode: (archive.readUInt32LE(at + 38) >>> 16).toString(8),
      time: archive.readUInt16LE(at + 12),
      date: archive.readUInt16LE(at + 14),
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  if (at !== end) throw new Error('the directory does not end where it should');
  return entries;
}

function readContents(archive: Buffer, at: number, nameLength: number): Buffer {
  const header = archive.readUInt32LE(at + 42);
  expectSignature(archive, header, 0x04_03_4b_50);
  const start = header + 30 + nameLength + archive.readUInt16LE(header + 28);
  const contents = inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(at + 20)));
  if (contents.length !== archive.readUInt32LE(at + 24)) throw new Error('a size is wrong');
  if (crc32(contents) !== archive.readUInt32LE(at + 16)) throw new Error('a checksum is wrong');
  return contents;
}

function expectSignature(archive: Buffer, at: number, signature: number): void {
  if (archive.readUInt32LE(at) !== signature) throw new Error(`no signature at ${at}`);
}
