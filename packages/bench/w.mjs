import process from "node:process";

const before = process.cpuUsage();
const t0 = performance.now();
for (const specifier of (process.argv[2] ?? "").split(",").filter(Boolean)) await import(specifier);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu: (user + system) / 1000, wall: performance.now() - t0 }));
