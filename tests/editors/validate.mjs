// Checks YAML documents by a JSON Schema with Ajv, in its strict mode, as another tool would.
// node validate.mjs SCHEMA DOCUMENT...   prints {document: [what is wrong]}
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { parse } from "yaml";

const [schema, ...documents] = process.argv.slice(2);
// Off: union types are plain in YAML (a quantity is a number or a text), and rules name keys that the section defines.
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
// yaml-language-server's own words: they say things, they check nothing.
ajv.addVocabulary(["patternErrorMessage", "errorMessage", "enumDescriptions"]);
const check = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
const found = {};
for (const document of documents) {
  const holds = check(parse(readFileSync(document, "utf8"), { version: "1.2" }));
  found[document] = holds ? [] : check.errors.map((error) => `${error.instancePath} ${error.message}`);
}
console.log(JSON.stringify(found));
