/** A real browser for tests: Chromium as the machine has it, driven by playwright-core, which brings none. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { describe } from 'vitest';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const required = (process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/[\s,]+/).includes('chromium');

/** The first of its names that is found on the `PATH`. */
function findChromium(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '');
  return places.flatMap((place) => NAMES.map((name) => join(place, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const executablePath = findChromium();

/** Rejects where there is none. In a container, where tests may run as root, Chromium cannot make its sandbox. */
export async function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) {
    throw new Error(`none of ${NAMES.join(', ')} is on the PATH, and APIKEY_TEST_REQUIRE names chromium`);
  }
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** `describe` for a suite that needs it: skipped, with the reason in its name, where there is none and none is required. */
export function describeInChromium(name: string, body: () => void): void {
  const skipped = executablePath === undefined && !required;
  // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback -- passed on from the suite
  describe.skipIf(skipped)(skipped ? `${name} (skipped: Chromium is not on the PATH)` : name, body);
}
