// The npm compiler as a solc executable: answers --version and --standard-json and prints nothing else.
// Imports are read from --base-path and --include-path. Run through tools/solc.
const fs = require("fs");
const path = require("path");
const solc = require(path.join(__dirname, "..", "contracts", "node_modules", "solc"));

const folders = [];
let input = null;
const words = process.argv.slice(2);
for (let i = 0; i < words.length; i++) {
  const [option, inline] = words[i].split(/=(.*)/s);
  const value = () => (inline === undefined ? words[++i] : inline);
  if (option === "--version") {
    console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
    process.exit(0);
  } else if (option === "--base-path" || option === "--include-path") folders.push(value());
  else if (option === "--allow-paths") value();
  else if (option === "--standard-json") input = 0;
  else if (!option.startsWith("-")) input = words[i];
  else {
    console.error(`tools/solc: unknown option ${option}`);
    process.exit(2);
  }
}
if (input === null) {
  console.error("tools/solc: --version or --standard-json is needed");
  process.exit(2);
}

function readImport(name) {
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `file not found: ${name}` };
}

const output = solc.compile(fs.readFileSync(input, "utf8"), { import: readImport });
fs.writeSync(1, output.endsWith("\n") ? output : output + "\n");
