// usage: node script/sizes.mjs SITE
// Compresses what the server sends as files (each beside itself, .br and .gz), holds the sizes against the budget, and writes
// them into README.md. A second run only measures.
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const WASM_BUDGET = 300_000;
const CSS_BUDGET = 20_000;
const COMPRESSIBLE = /\.(css|html|js|json|svg|txt|wasm|webmanifest|xml)$/;

const site = process.argv[2];
const files = fs.readdirSync(site, { recursive: true }).map(String).filter((name) => fs.statSync(path.join(site, name)).isFile());

async function compress(name) {
  const file = path.join(site, name);
  if (fs.existsSync(`${file}.br`)) return;
  const text = fs.readFileSync(file);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_MAX_QUALITY } = zlib.constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: text.length };
  fs.writeFileSync(`${file}.gz`, await promisify(zlib.gzip)(text, { level: 9 }));
  fs.writeFileSync(`${file}.br`, await promisify(zlib.brotliCompress)(text, { params }));
}

const plain = files.filter((name) => COMPRESSIBLE.test(name));
// Several at once: the library has threads of its own.
await Promise.all(plain.map(compress));

const size = (name, suffix = '') => fs.statSync(path.join(site, name + suffix)).size;
const measure = (names) => ({
  raw: names.reduce((sum, name) => sum + size(name), 0),
  brotli: names.reduce((sum, name) => sum + size(name, '.br'), 0),
});
const pkg = plain.filter((name) => name.startsWith('pkg/') && /\.(css|js|wasm)$/.test(name));
const wasm = pkg.filter((name) => name.endsWith('.wasm'));

// cargo-leptos says which files each group of pages (src/pages/lazy.rs) needs beyond the rest; every page loads the others.
const manifest = files.find((name) => /__wasm_split_manifest.*\.json$/.test(name));
const groups = Object.entries(manifest ? JSON.parse(fs.readFileSync(path.join(site, manifest), 'utf8')) : {}).map(([name, needs]) => ({
  name: name.replace(/_pages_\d+$/, ''),
  needs: wasm.filter((file) => needs.some((need) => path.basename(file) === `${need}.wasm`)),
}));
const shared = wasm.filter((file) => !groups.some(({ needs }) => needs.includes(file)));
const of = (names) => measure([...shared, ...groups.filter(({ name }) => names.includes(name)).flatMap(({ needs }) => needs)].filter((file, at, all) => all.indexOf(file) === at));

// Whatever page is opened first, its code comes within the budget.
const NAMES = {
  login: 'signing in', door: 'signing up, links from mails', team: 'list of teams', home: 'a team’s overview', key: 'API keys',
  member: 'members of a team', settings: 'settings of a team', record: 'audit log and outbox', account: 'account',
  platform: 'platform’s providers', catalog: 'platform’s models',
  model: 'models of a team', request: 'access requests', asset: 'models of an organization', group: 'access groups',
  playground: 'playground', explain: 'explain', price: 'import of prices',
  quota: 'limits and budgets', billing: 'billing of a team', plan: 'plans', tier: 'tiers',
  log: 'call logs', search: 'search', palette: 'search over a page', own: 'personal view', usage: 'statistics',
  user: 'platform’s users', organization: 'organizations, system', organization_member: 'members of an organization',
};
const rows = [
  ...groups.map(({ name }) => [`WebAssembly, first load: ${NAMES[name] ?? name}`, of([name]), WASM_BUDGET]),
  ['JavaScript beside it', measure(pkg.filter((name) => name.endsWith('.js'))), null],
  ['CSS', measure(pkg.filter((name) => name.endsWith('.css'))), CSS_BUDGET],
  ['Chart engine, only on pages with charts', measure(plain.filter((name) => /^assets\/charts-/.test(name))), null],
];

const kb = (bytes) => `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)} KB`;
const table = [
  '| What | Size | With brotli | Budget |',
  '|---|--:|--:|--:|',
  ...rows.map(([what, { raw, brotli }, budget]) => `| ${what} | ${kb(raw)} | ${kb(brotli)} | ${budget ? kb(budget) : '–'} |`),
].join('\n');

const [start, end] = ['<!-- sizes -->', '<!-- /sizes -->'];
const readme = fs.existsSync('README.md') ? fs.readFileSync('README.md', 'utf8') : '';
if (readme.includes(start) && readme.includes(end)) {
  const next = `${readme.slice(0, readme.indexOf(start) + start.length)}\n${table}\n${readme.slice(readme.indexOf(end))}`;
  if (next !== readme) fs.writeFileSync('README.md', next);
}

let over = false;
for (const [what, { brotli }, budget] of rows) {
  const verdict = budget ? ` of ${kb(budget)}` : '';
  console.log(`    ${what}: ${kb(brotli)}${verdict}`);
  if (budget && brotli > budget) over = true;
}
if (over) {
  console.error('error: over the size budget');
  process.exit(1);
}
