// Statistics, rankings and the call log of a large team, read by ten people at once while the gateway books calls: another random range
// and filter in each request, and no answer kept. The data are those of `demo seed --calls`; script/bench usage makes them once.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { type APIRequestContext, expect, request, test } from '@playwright/test';
import { parseDemo } from '../support/demo';
import { measure, once } from '../support/measure';
import { freePort, start } from '../support/process';
import type { Options } from '../support/test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CALLS = Number(process.env.TALLYGATE_BENCH_CALLS ?? 10_000_000);
const SEED = process.env.TALLYGATE_BENCH_SEED ?? '1';
/** Requests of each kind. */
const REQUESTS = Number(process.env.TALLYGATE_BENCH_REQUESTS ?? 1_000);
const VIEWERS = 10;
const CALLS_PER_SECOND = 500;
const EXPORTED = 1_000_000;
/** For 95 of 100 requests, as the client sees them. */
const MOST_MS = 150;
const [QUARTER, DAY] = [900_000, 86_400_000];

test.setTimeout(4 * 3_600_000);

/** The same requests in each run (SplitMix32). */
function dice(seed: number) {
  let state = seed >>> 0;
  const below = (count: number) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % count;
  };
  return { below, of: <T>(list: T[]): T => list[below(list.length)]! };
}

test('usage of a large team', async () => {
  const { database = 'sqlite' } = test.info().project.use as Partial<Options>;
  const directory = process.env.TALLYGATE_BENCH_DIRECTORY;
  if (!directory) throw new Error('start it with script/bench usage');
  const dataDirectory = path.join(directory, database);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = path.join(ROOT, 'target/dist/tallygate');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    LEPTOS_ENV: 'PROD',
    LEPTOS_SITE_ROOT: path.join(ROOT, 'target/site'),
    LEPTOS_HASH_FILE: path.join(ROOT, 'target/dist/hash.txt'),
    TALLYGATE_ADDR: `127.0.0.1:${port}`,
    TALLYGATE_PUBLIC_URL: url,
    TALLYGATE_DATA_DIR: dataDirectory,
    TALLYGATE_METRICS_ADDR: 'off',
    ...(database === 'postgres' ? { TALLYGATE_DATABASE_URL: process.env.TALLYGATE_TEST_POSTGRES_URL! } : {}),
  };
  const began = performance.now();
  const printed = execFileSync(server, ['demo', 'seed', '--seed', SEED, '--calls', String(CALLS)], { cwd: ROOT, env, encoding: 'utf8' });
  console.log(`${database}: ${CALLS} calls written, or found, in ${Math.round((performance.now() - began) / 1000)} s`);
  const demo = { ...parseDemo(printed), caller: printed.match(/aiko\S+@\S+/)![0] };
  const running = await start(server, ['serve'], { cwd: ROOT, env, url: `${url}/readyz`, seconds: 600 });
  try {
    await read(url, demo, running.child.pid!, database);
  } finally {
    await running.stop();
  }
});

type Demo = { email: string; password: string; caller: string };

async function read(url: string, demo: Demo, server: number, database: string) {
  const context = await signedIn(url, demo.email, demo.password);
  const api = <T>(method: 'get' | 'post' | 'put', at: string, data?: unknown) => asked<T>(context, method, at, data);
  const cookie = (await context.storageState()).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const call = await booked(api, url, demo);

  const to = Math.floor(Date.now() / DAY) * DAY;
  const shares = async (by: string) => {
    const { items } = await api<{ items: { id: string }[] }>('get', `/teams/load/usage?from=${to - 90 * DAY}&to=${to}&group_by=${by}`);
    return items.map(({ id }) => id).filter(Boolean);
  };
  const values: Record<string, string[]> = {};
  for (const by of ['member', 'key', 'model', 'provider', 'endpoint', 'outcome']) values[by] = await shares(by);
  const roll = dice(20_261_122);
  const only = (...names: string[]) => names.map((name) => `&${name === 'member*' ? 'user' : name}=${encodeURIComponent(roll.of(values[name.replace('*', '')]!))}`).join('');
  // Some 90 days, beginning and ending at any quarter of an hour.
  const range = () => `from=${to - 90 * DAY + roll.below(96) * QUARTER}&to=${to - roll.below(96) * QUARTER}`;
  const zone = () => `&zone=${roll.of(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'])}`;
  const what = ['model', 'provider', 'endpoint', 'outcome'];
  const statistics = () => `/teams/load/usage?${range()}${zone()}${only(...roll.of([[], ['member'], ['key'], [roll.of(what)], [roll.of(what)], ['member', 'model'], ['model', 'outcome']]))}`;
  const ranking = () => `/teams/load/usage/members?${range()}${zone()}&order_by=${roll.of(['cost', 'tokens', 'requests', 'errors'])}${only(...roll.of([[], [], [roll.of(what)]]))}`;
  const rare = () =>
    roll.of([
      '',
      only('member*'),
      only('key'),
      only(roll.of(what)),
      only('member*', 'model', 'outcome'),
      `&status=${roll.of([200, 400, 429, 502, 504, 418])}`,
      `&code=${roll.of(['rate_limit_exceeded', 'upstream_error', 'nothing'])}`,
      `&min_tokens=${roll.of([100, 5_000, 50_000, 5_000_000])}`,
      `&min_latency=${roll.of([1_000, 30_000, 3_600_000])}`,
      `&min_cost=${roll.of([1_000_000, 100_000_000, 1_000_000_000_000])}&max_tokens=100000`,
    ]);
  const log = () => `/teams/load/logs?${range()}${rare()}`;

  const stop = keepBooking(url, call);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const rows = [];
  for (const [name, ask] of Object.entries({ 'statistics of 90 days': statistics, 'ranking of members': ranking, "a log filter's first page": log })) {
    const slow: [number, string][] = [];
    const figures = await measure(VIEWERS, REQUESTS, async (agent) => {
      const asked = `/api/v1${ask()}`;
      const took = await once(agent, `${url}${asked}`, undefined, undefined, { cookie });
      slow.push([took, asked]);
      return took;
    });
    slow.sort(([a], [b]) => b - a);
    rows.push({ name, figures, slow: slow.slice(0, 3) });
  }
  const { perSecond, failed } = await stop();
  console.log(`${database}: ${CALLS} calls, ${VIEWERS} viewers, ${Math.round(perSecond)} calls/s through the gateway meanwhile (${failed} failed)`);
  for (const { name, figures, slow } of rows) {
    console.log(`  ${name.padEnd(28)} p50 ${figures.p50.toFixed(0)} ms   p95 ${figures.p95.toFixed(0)} ms   p99 ${figures.p99.toFixed(0)} ms   ${figures.perSecond.toFixed(0)}/s`);
    for (const [took, asked] of slow) console.log(`    ${took.toFixed(0)} ms  ${asked}`);
  }
  const { lines, seconds, grown } = await exported(`${url}/api/v1/teams/load/logs.csv?from=${to - 90 * DAY}`, cookie, server);
  console.log(`  a file of ${lines} calls in ${seconds.toFixed(0)} s; the server's memory grew by ${grown.toFixed(0)} MB meanwhile`);
  await context.dispose();
  expect(failed).toBe(0);
  for (const { name, figures } of rows) expect.soft(figures.p95, name).toBeLessThan(MOST_MS);
  expect.soft(grown).toBeLessThan(64);
}

async function asked<T>(context: APIRequestContext, method: 'get' | 'post' | 'put', at: string, data?: unknown): Promise<T> {
  const response = await context[method](`/api/v1${at}`, data === undefined ? {} : { data });
  if (!response.ok()) throw new Error(`${method} ${at}: ${response.status()} ${await response.text()}`);
  return (await response.text().then((text) => (text ? JSON.parse(text) : {}))) as T;
}

async function signedIn(url: string, email: string, password: string): Promise<APIRequestContext> {
  const context = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } });
  await asked(context, 'post', '/auth/login', { email, password });
  return context;
}

/** A key of somebody in the team, and a model that answers at once. */
async function booked(api: <T>(method: 'get' | 'post' | 'put', at: string, data?: unknown) => Promise<T>, url: string, { caller, password }: Demo) {
  const simulation = { first_token_ms: 0, per_token_ms: 0, output_tokens: 8, failure_per_mille: 0, cut_per_mille: 0 };
  const { items } = await api<{ items: { name: string }[] }>('get', '/catalog/providers?limit=100');
  if (!items.some(({ name }) => name === 'at-once')) {
    await api('post', '/catalog/providers', { name: 'at-once', kind: 'simulated', simulation });
    const price = { input_price: 1_000_000, output_price: 4_000_000, context_window: 128_000, max_output: 4_096 };
    await api('post', '/catalog/models', { name: 'at-once', tier: 'general', modality: 'chat', ...price, deployments: [{ provider: 'at-once', model: 'any' }] });
  }
  await api('put', '/organizations/northwind-labs/models/at-once', { state: 'open' });
  await api('put', '/organizations/northwind-labs/limits', { rpm: null, tpm: null, rph: null, rpd: null, tpd: null, budget: null });
  const context = await signedIn(url, caller, password);
  const { teams } = await asked<{ teams: { slug: string }[] }>(context, 'get', '/me');
  if (!teams.some(({ slug }) => slug === 'load')) {
    const { link } = await api<{ link: string }>('post', '/teams/load/invitations', { email: caller, role: 'member' });
    await asked(context, 'post', `/invitations/${link.split('/').pop()}/accept`, {});
  }
  const { key } = await asked<{ key: string }>(context, 'post', '/teams/load/keys', { name: `bench ${Date.now()}`, expires_at: Date.now() + DAY });
  return { key, body: JSON.stringify({ model: 'at-once', max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] }) };
}

/** Makes calls evenly until it is stopped, whether or not the former have ended. */
function keepBooking(url: string, { key, body }: { key: string; body: string }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const began = performance.now();
  let [sent, ended, failed] = [0, 0, 0];
  const timer = setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * CALLS_PER_SECOND; sent < due; sent += 1) {
      once(agent, `${url}/v1/chat/completions`, key, body).then(
        () => (ended += 1),
        () => (failed += 1),
      );
    }
  }, 10);
  return async () => {
    clearInterval(timer);
    const seconds = (performance.now() - began) / 1000;
    while (ended + failed < sent) await new Promise((resolve) => setTimeout(resolve, 20));
    agent.destroy();
    return { perSecond: ended / seconds, failed };
  };
}

/** Takes a file as it comes, and keeps nothing of it. */
function exported(url: string, cookie: string, server: number): Promise<{ lines: number; seconds: number; grown: number }> {
  const memory = () => Number(/^RssAnon:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${server}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  const [began, before] = [performance.now(), memory()];
  let [lines, most] = [0, before];
  return new Promise((resolve, reject) => {
    const sending = http.get(url, { headers: { cookie } }, (response) => {
      const ends = () => resolve({ lines: Math.min(lines, EXPORTED), seconds: (performance.now() - began) / 1000, grown: most - before });
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.on('data', (piece: Buffer) => {
        for (const byte of piece) if (byte === 10) lines += 1;
        most = Math.max(most, memory());
        if (lines >= EXPORTED) {
          ends();
          sending.destroy();
        }
      });
      response.on('end', ends);
    });
    sending.on('error', (error) => (lines >= EXPORTED ? undefined : reject(error)));
  });
}
