import { memoryNotices } from './memory-notices.ts';
import { noticeLogContract } from './notice-log-contract.ts';

noticeLogContract('memory', memoryNotices);
