/**
 * One cold start: loads the handler's file, hands it the one event, prints what it decided, and when. A plain script, so
 * that the removal of types is no part of what is measured.
 */
const began = performance.now();
const { rest } = await import(process.argv[2]);
const loaded = performance.now();
const answer = await rest(JSON.parse(process.env.EVENT));
const decided = performance.now();
const effect = answer.policyDocument.Statement[0].Effect;
process.stdout.write(`${JSON.stringify({ effect, began, loaded, decided, rss: process.memoryUsage.rss() })}\n`);
process.exit(0);
