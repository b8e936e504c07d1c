// Reads scripts by acorn at the level of the floor and reports what it cannot read and what is called; it judges no name.
// node parse.mjs <acorn.mjs> <script>…  →  [{path, errors: ["what (line:column)"], calls: {name: [lines]}}]
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [acorn, ...paths] = process.argv.slice(2);
const { parse } = await import(pathToFileURL(acorn));

// Of the level, but newer than Safari 14.0: `export * as name` came with 14.1, looking behind in a pattern with 16.4.
const NEWER = {
  ExportAllDeclaration: (node) => node.exported && "export * as",
  Literal: (node) => node.regex && /\(\?<[=!]/.test(node.regex.pattern) && "a pattern that looks behind",
};

function nameOf(node) {
  if (node.type === "Identifier") return node.name;
  return node.type === "MemberExpression" && !node.computed ? `${nameOf(node.object)}.${node.property.name}` : "";
}

function walk(node, tried, seen) {
  seen(node, tried);
  for (const [key, value] of Object.entries(node)) {
    const inside = tried || (node.type === "TryStatement" && key === "block" && Boolean(node.handler));
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each && typeof each.type === "string") walk(each, inside, seen);
    }
  }
}

function look(path) {
  const found = { path, errors: [], calls: Object.create(null) };
  let tree;
  try {
    tree = parse(readFileSync(path, "utf8"), { ecmaVersion: 2021, sourceType: "module", locations: true });
  } catch (error) {
    return { ...found, errors: [error.message] };
  }
  const note = (name, node) => (found.calls[name] ??= []).push(node.loc.start.line);
  walk(tree, false, (node, tried) => {
    const newer = NEWER[node.type]?.(node);
    if (newer) found.errors.push(`${newer} (${node.loc.start.line}:${node.loc.start.column})`);
    // What is tried, or called only where it is, has its way out.
    const called = node.type === "NewExpression" || (node.type === "CallExpression" && !node.optional);
    if (called && !tried) note(nameOf(node.callee), node);
    if (node.type === "Property" && node.key.name) note(`${node.key.name}:`, node);
  });
  return found;
}

process.stdout.write(JSON.stringify(paths.map(look)));
