import { describeBulkLoad } from './bulk-load.ts';
import { sized } from './built-cli.ts';
import { embedded } from './load-world.ts';

describeBulkLoad('the embedded backend', embedded, sized(60, 1_000));
