// What it takes to import a package: `import-worker.js <specifier,…>` answers milliseconds of this process's time.
import process from "node:process";

const before = process.cpuUsage();
for (const specifier of (process.argv[2] ?? "").split(",")) await import(specifier);
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ "import, ms": (user + system) / 1000 }), () => process.exit(0));
