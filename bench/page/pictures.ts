/** Draws pictures as SVG files, without a browser: readable on light and dark pages, and the same bytes for the same numbers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, resetSVGDefIds, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Plot } from '../harness/outcome.ts';

const STYLE = {
  background: 'white',
  padding: 12,
  config: {
    font: 'sans-serif',
    axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', gridColor: '#e5e5e5', labelLimit: 0 },
    // Above the axis instead of along it: easier to read, and however long it is, it fits.
    axisY: { titleAngle: 0, titleAlign: 'left', titleBaseline: 'bottom', titleAnchor: 'end', titleX: 0, titleY: -8 },
    legend: { labelFontSize: 12, titleFontSize: 12, labelLimit: 0, orient: 'bottom', direction: 'vertical' },
    text: { fontSize: 12 },
    view: { stroke: '#cccccc' },
    range: { category: ['#1f5fa8', '#c1570c', '#3a7d34', '#7b4ab0', '#555555', '#a3186d', '#0f7c80', '#8a6d00'] },
  },
} as const;

export async function draw({ name, spec }: Plot, directory: string): Promise<void> {
  // What a picture says of itself goes before what all share.
  const own = 'config' in spec ? spec.config : undefined;
  const whole = { ...STYLE, ...spec, config: { ...STYLE.config, ...own } } as TopLevelSpec;
  // The names of clip paths are counted, and would differ with the order of the pictures.
  resetSVGDefIds();
  const view = new View(parse(compile(whole).spec), { renderer: 'none' });
  await writeFile(join(directory, `${name}.svg`), `${await view.toSVG()}\n`);
  view.finalize();
}
