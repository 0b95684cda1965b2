/** The axis of a timeline: which stretch of time it covers, where an instant lies on it, and what its ticks say. */
import { formatSeconds, parseTime, type EpochSeconds } from '@apikey/shared';

interface Tick {
  readonly at: EpochSeconds;
  /** Absent where there is no room for words. */
  readonly label: string | undefined;
}

export interface TimeScale {
  /** Both at the start of a month. */
  readonly from: EpochSeconds;
  readonly until: EpochSeconds;
  readonly ticks: readonly Tick[];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MOST_LABELS = 9;
const MOST_TICKS = 36;

/** Whole months around a stretch of time. */
export function timeScale(from: EpochSeconds, until: EpochSeconds): TimeScale {
  const first = monthOf(from);
  const last = Math.max(monthOf(until) + 1, first + 2);
  const months = last - first;
  const step = Math.ceil(months / MOST_TICKS);
  const labelled = STEPS.find((size) => months / size <= MOST_LABELS && size % step === 0) ?? Math.ceil(months / 6);
  const ticks: Tick[] = [];
  for (let month = first; month <= last; month += 1) {
    if (month % step === 0)
      ticks.push({ at: startOf(month), label: month % labelled === 0 ? label(month) : undefined });
  }
  return { from: startOf(first), until: startOf(last), ticks };
}

const STEPS = [1, 2, 3, 6, 12, 24, 60];

/** Where an instant lies, from 0 to 1; what lies outside is drawn at the edge. */
export function share({ from, until }: TimeScale, at: EpochSeconds): number {
  return Math.min(1, Math.max(0, (at - from) / (until - from)));
}

/** A length for an SVG: short, because there are thousands of them. */
export function percent(part: number): string {
  return `${Number((part * 100).toFixed(2))}%`;
}

/** Months since year 0. */
function monthOf(at: EpochSeconds): number {
  const [year = '', month = ''] = formatSeconds(Math.floor(at)).split('-');
  return Number(year) * 12 + Number(month) - 1;
}

function startOf(month: number): EpochSeconds {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return parseTime(`${year}-${String((month % 12) + 1).padStart(2, '0')}-01`);
}

function label(month: number): string {
  const name = MONTHS[month % 12] ?? '';
  return month % 12 === 0 ? `${name} ${Math.floor(month / 12)}` : name;
}
