// Loaded into a process that is measured: tells the one that started it, at its end, the most memory that it held, in KB.
// Not by `resourceUsage()`, where Linux counts what the parent held when it forked.
process.on('exit', () => {
  const { readFileSync, writeSync } = process.getBuiltinModule('node:fs');
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  writeSync(3, peak ?? '');
});
