// Checks docs/asyncapi.json with AsyncAPI's own parser, by hand:
//   cd tests/contracts && npm install && node validate_with_parser.mjs
// Prints every diagnostic; exits 1 on an error (warnings and hints are allowed).
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const SEVERITIES = ["error", "warning", "information", "hint"];
const file = process.argv[2] ?? new URL("../../docs/asyncapi.json", import.meta.url);
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));

const counts = Object.fromEntries(SEVERITIES.map((name) => [name, 0]));
for (const { severity, code, path, message } of diagnostics) {
  counts[SEVERITIES[severity]] += 1;
  console.log(`${SEVERITIES[severity]} ${code} at ${path.join("/")}: ${message}`);
}
if (document) {
  const size = (collection) => collection.all().length;
  console.log(
    `AsyncAPI ${document.version()}: ${size(document.channels())} channels, ${size(document.operations())} operations, ` +
      `${size(document.components().messages())} messages, ${size(document.components().schemas())} schemas`,
  );
}
console.log(counts);
process.exit(document && counts.error === 0 ? 0 : 1);
