// usage: node script/pack.mjs SITE HASHES
// Splitting by pages (src/pages/lazy.rs) leaves a file for every set of groups that share code: hundreds of small ones, of which a
// page loads a hundred, each compressed by itself. Here all that a group needs becomes one file, compressed as one, and the loader
// takes the files out of it. SITE is what cargo-leptos built, HASHES the list of names that the server reads.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { HEADER, number, sections, stripped } from './wasm.mjs';

const [site, hashes] = process.argv.slice(2);
const pkg = path.join(site, 'pkg');
const hash = (bytes) => crypto.createHash('sha256').update(bytes).digest('base64url').slice(0, 22);

function only(pattern) {
  const found = fs.readdirSync(pkg).filter((name) => pattern.test(name));
  if (found.length !== 1) throw new Error(`${found.length} files are called ${pattern}`);
  return found[0];
}

// Bytes of text outside the shared file; there are far more, or next to none.
const LEAST_APART = 20_000;

// The places in memory that a file fills with its texts and tables.
function places(bytes) {
  const DATA = 11, ACTIVE = 0, CONSTANT = 0x41, END = 0x0b;
  return [...sections(bytes)].filter(({ id }) => id === DATA).flatMap(({ content }) => {
    let [left, at] = number(bytes, content);
    const found = [];
    for (; left > 0; left -= 1) {
      const [kind, opcode] = number(bytes, at);
      const [from, behind] = number(bytes, opcode + 1);
      const [length, start] = number(bytes, behind + 1);
      if (kind !== ACTIVE || bytes[opcode] !== CONSTANT || bytes[behind] !== END) throw new Error('data of an unknown kind');
      if (length > 0) found.push({ from, to: from + length });
      at = start + length;
    }
    return found;
  });
}

// Each file behind its length and its number, so that one that another group brought already is not taken in twice.
function packed(files) {
  return Buffer.concat(files.flatMap(({ number, bytes }) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(number, 0);
    head.writeUInt32LE(bytes.length, 4);
    return [head, bytes];
  }));
}

const names = { wasm: only(/^tallygate\.[^.]*\.wasm$/), manifest: only(/^__wasm_split_manifest\..*\.json$/), loader: only(/^__wasm_split\.[^.]*\.js$/), script: only(/^tallygate\.[^.]*\.js$/) };
const manifest = JSON.parse(fs.readFileSync(path.join(pkg, names.manifest), 'utf8'));
const loader = fs.readFileSync(path.join(pkg, names.loader), 'utf8');

const numbers = new Map();
const groups = {};
const loads = [];
for (const [group, parts] of Object.entries(manifest)) {
  const files = parts.map((part) => {
    if (!numbers.has(part)) numbers.set(part, numbers.size);
    return { part, number: numbers.get(part), bytes: stripped(fs.readFileSync(path.join(pkg, `${part}.wasm`))) };
  });
  // A group's own code calls what it shares: it comes last.
  const own = (file) => file.part.startsWith(`split_${group}`);
  if (files.filter(own).length !== 1) throw new Error(`${group} has no code of its own`);
  files.sort((a, b) => own(a) - own(b));
  const pack = packed(files.filter(({ bytes }) => bytes.length > HEADER));
  groups[group] = [`pages_${group.replace(/_pages_\d+$/, '')}.${hash(pack)}`];
  fs.writeFileSync(path.join(pkg, `${groups[group][0]}.wasm`), pack);
  loads.push(`export const __wasm_split_load_${group} = wrapAsyncCb(makeLoad(() => pack("./${groups[group][0]}.wasm"), []));`);
}

// A page's texts lie in its own file only where the splitter had room to lay them out anew, and each has a place of its own.
const apart = [...numbers.keys()].flatMap((part) => places(fs.readFileSync(path.join(pkg, `${part}.wasm`))));
const total = (all) => all.reduce((sum, { from, to }) => sum + to - from, 0);
if (total(apart) < LEAST_APART) throw new Error('the texts of all pages lie in the file that every page loads: src/pages/lazy.rs needs more ROOM');
const filled = [...apart, ...places(fs.readFileSync(path.join(pkg, names.wasm)))].sort((a, b) => a.from - b.from);
if (filled.some(({ from }, at) => at > 0 && from < filled[at - 1].to)) throw new Error('two files fill the same place in memory');

// What the loader begins with stays: it ties files to the program. What it offers must be what is offered here.
const begin = loader.slice(0, loader.search(/^(\/\*|const __chunk_|export )/m));
const offered = [...loader.matchAll(/^export const (\w+)/gm)].map((match) => match[1]).sort();
const here = loads.map((load) => load.split(' ')[2]).sort();
if (!begin.includes('function makeLoad') || !begin.includes('function wrapAsyncCb') || offered.join() !== here.join()) {
  throw new Error('the loader of cargo-leptos is not the one that is known here');
}
const text = `${begin}
const taken = new Map();
function take(number, bytes, imports) {
    if (!taken.has(number)) {
        const taking = WebAssembly.instantiate(bytes, imports);
        taking.catch(() => taken.delete(number));
        taken.set(number, taking);
    }
    return taken.get(number);
}
function pack(url) {
    const answer = fetch(new URL(url, import.meta.url)).then((answer) => {
        if (!answer.ok) throw new Error(\`\${answer.status} for \${answer.url}\`);
        return answer.arrayBuffer();
    });
    return async (imports) => {
        const bytes = await answer;
        const numbers = new DataView(bytes);
        const files = [];
        for (let at = 0; at < bytes.byteLength;) {
            const length = numbers.getUint32(at + 4, true);
            files.push([numbers.getUint32(at, true), new Uint8Array(bytes, at + 8, length)]);
            at += 8 + length;
        }
        const own = files.pop();
        await Promise.all(files.map(([number, bytes]) => take(number, bytes, imports)));
        return take(own[0], own[1], imports);
    };
}
${loads.join('\n')}
`;

// The three name each other, so their names are made of all of them, and of this program: files are kept by browsers for good.
const script = fs.readFileSync(path.join(pkg, names.script), 'utf8');
const mark = hash(script + text + JSON.stringify(groups));
// Where one loads another, that is: the program asks for what it imports by the former name.
const loadsFrom = (name) => new RegExp(`from\\s*"\\./${name.replaceAll('.', '\\.')}"`, 'g');
const renamed = (source) => source
  .replaceAll(loadsFrom(names.loader), `from"./__wasm_split.${mark}.js"`)
  .replaceAll(loadsFrom(names.script), `from"./tallygate.${mark}.js"`);
for (const name of fs.readdirSync(pkg)) {
  if (/^(chunk_|split_|__wasm_split)/.test(name) || name.startsWith(names.script)) fs.rmSync(path.join(pkg, name));
}
// Named by what is in it now: it was made smaller since cargo-leptos named it.
const wasm = hash(fs.readFileSync(path.join(pkg, names.wasm)));
fs.renameSync(path.join(pkg, names.wasm), path.join(pkg, `tallygate.${wasm}.wasm`));
fs.writeFileSync(path.join(pkg, `tallygate.${mark}.js`), renamed(script));
fs.writeFileSync(path.join(pkg, `__wasm_split.${mark}.js`), renamed(text));
fs.writeFileSync(path.join(pkg, `__wasm_split_manifest.${mark}.json`), JSON.stringify(groups));
const lines = fs.readFileSync(hashes, 'utf8').split('\n');
if (!lines.some((line) => line.startsWith('wasm: '))) throw new Error(`${hashes} names no program`);
const named = lines.map((line) => line.replace(/^(js|split|manifest): .*$/, `$1: ${mark}`).replace(/^wasm: .*$/, `wasm: ${wasm}`));
fs.writeFileSync(hashes, named.join('\n'));
