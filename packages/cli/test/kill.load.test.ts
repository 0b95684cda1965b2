import { sized } from './built-cli.ts';
import { describeKillLoad } from './kill-load.ts';
import { embedded } from './load-world.ts';

describeKillLoad('the embedded backend', embedded, sized(8, 200));
