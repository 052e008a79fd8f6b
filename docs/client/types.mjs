// Prints the types of all that the API takes and answers, made of ../openapi.json.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const file = new URL("../openapi.json", import.meta.url);
const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
process.stdout.write(`// Made by \`make types\` of openapi.json, whose SHA-256 is ${digest}.\n`);
process.stdout.write(astToString(await openapiTS(file, { defaultNonNullable: false })));
