import { sized } from './built-cli.ts';
import { describeIssueLoad } from './issue-load.ts';
import { embedded } from './load-world.ts';

describeIssueLoad('the embedded backend', embedded, sized(10, 50));
