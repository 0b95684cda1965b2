/** One picture of all targets: how far each measurement lies on the good side of its own. */
import type { Plot, Row } from '../harness/outcome.ts';
import { meets } from '../harness/outcome.ts';
import { digits } from '../harness/print.ts';

/** Nothing is drawn further out than so many times better or worse than the target. */
const FARTHEST = 20;
/** Of the part with the points, and of the names beside it. */
const WIDTH = 360;
const NAMES_WIDTH = 340;

export function ratiosPlot(rows: readonly Row[]): Plot {
  const values = rows.flatMap((row) => {
    const { item, ratio, target } = row;
    if (ratio === undefined || target === undefined) return [];
    const wanted = 'atLeast' in target ? target.atLeast : target.atMost;
    // Better is to the right, whether a target is a least or a most.
    const better = (value: number): number => within('atLeast' in target ? value / wanted : wanted / value);
    const ends = [better(ratio.low), better(ratio.high)];
    return {
      item,
      better: better(ratio.median),
      low: Math.min(...ends),
      high: Math.max(...ends),
      met: meets(row) === true ? 'met' : 'missed',
      text: `${digits(ratio.median)} (${'atLeast' in target ? '≥' : '≤'} ${wanted})`,
    };
  });
  const edges = values.flatMap(({ low, high }) => [low, high]);
  const domain = [Math.min(0.8, ...edges) / 1.1, Math.max(1.25, ...edges) * 1.1];
  const y = { field: 'item', type: 'nominal' as const, sort: null, axis: null };
  const x = {
    type: 'quantitative' as const,
    title: 'times better than the target: 1 is just met; bars are the middle half',
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: [0.1, 0.2, 0.5, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20], format: '~g' },
  };
  const color = {
    field: 'met',
    type: 'nominal' as const,
    title: null,
    scale: { domain: ['met', 'missed'], range: ['#1f5fa8', '#c1570c'] },
  };
  const label = { type: 'text' as const, fontSize: 11, color: '#222222', align: 'left' as const };
  return {
    name: 'ratios',
    alt: 'How far each ratio lies on the good side of its target, with the middle half of its measurements.',
    spec: {
      data: { values },
      width: WIDTH,
      height: { step: 22 },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 4, opacity: 0.4 },
          encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 70, opacity: 1 },
          encoding: { y, x: { ...x, field: 'better' }, color },
        },
        { mark: label, encoding: { y, x: { value: -NAMES_WIDTH }, text: { field: 'item' } } },
        { mark: label, encoding: { y, x: { value: WIDTH + 8 }, text: { field: 'text' } } },
        {
          mark: { type: 'rule', strokeDash: [4, 3], color: '#222222' },
          encoding: { x: { datum: 1, type: 'quantitative' } },
        },
      ],
    },
  };
}

function within(value: number): number {
  return Math.min(FARTHEST, Math.max(1 / FARTHEST, value));
}
