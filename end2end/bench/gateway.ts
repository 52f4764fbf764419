// What the gateway adds to a call: against the simulated provider with all its delays at zero, over connections that stay open.
// Bounded in calls and time; the bounds are wide, they catch a wait in the hot path and not a slow machine.
import http from 'node:http';
import { Api } from '../support/api';
import { expect, test } from '../support/test';

interface Figures {
  p50: number;
  p95: number;
  p99: number;
  perSecond: number;
}

function once(agent: http.Agent, url: string, key?: string, body?: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = key ? { authorization: `Bearer ${key}`, 'content-type': 'application/json' } : {};
    const request = http.request(url, { agent, method: body ? 'POST' : 'GET', headers }, (response) => {
      response.resume();
      response.once('end', () => (response.statusCode === 200 ? resolve(performance.now() - began) : reject(new Error(`status ${response.statusCode}`))));
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function measure(connections: number, calls: number, one: (agent: http.Agent) => Promise<number>): Promise<Figures> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let n = 0; n < calls / connections; n += 1) times.push(await one(agent));
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), perSecond: times.length / seconds };
}

/** One row; with a floor, also how many times the floor it is. */
function line(what: string, { p50, p95, p99, perSecond }: Figures, floor?: Figures): void {
  const ms = (value: number) => `${value.toFixed(2)} ms`.padStart(10);
  const times = floor ? `   p50 ×${(p50 / floor.p50).toFixed(2)}, p99 ×${(p99 / floor.p99).toFixed(2)}` : '';
  console.log(`${what.padEnd(38)} p50 ${ms(p50)}   p95 ${ms(p95)}   p99 ${ms(p99)}   ${Math.round(perSecond)} calls/s${times}`);
}

test('gateway overhead', async ({ platform }) => {
  const api = await Api.first(platform);
  const simulation = { first_token_ms: 0, per_token_ms: 0, output_tokens: 32, failure_per_mille: 0, cut_per_mille: 0 };
  const { key, model } = await api.team({ kind: 'simulated', simulation }, 'any');
  const body = (extra: object) => JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...extra });
  const chat = `${platform.url}/v1/chat/completions`;

  const health = (agent: http.Agent) => once(agent, `${platform.url}/healthz`);
  await measure(4, 200, (agent) => once(agent, chat, key, body({})));
  await measure(4, 200, health);
  // The floor: the same client and server, without a gateway in between.
  const floor = await measure(1, 500, health);
  line('health check, 1 connection', floor);
  const alone = await measure(1, 500, (agent) => once(agent, chat, key, body({})));
  line('plain call, 1 connection', alone, floor);
  const crowdedFloor = await measure(16, 4000, health);
  line('health check, 16 connections', crowdedFloor);
  const crowd = await measure(16, 4000, (agent) => once(agent, chat, key, body({})));
  line('plain call, 16 connections', crowd, crowdedFloor);
  line('streamed call, 16 connections', await measure(16, 2000, (agent) => once(agent, chat, key, body({ stream: true }))), crowdedFloor);
  // 60 KB of prompt, as coding tools send.
  const prompt = JSON.stringify({ model, messages: [{ role: 'user', content: 'lorem ipsum '.repeat(5000) }] });
  line('plain call, 60 KB prompt, 1 connection', await measure(1, 400, (agent) => once(agent, chat, key, prompt)), floor);

  expect(alone.p50).toBeLessThan(10);
  expect(crowd.p95).toBeLessThan(100);
});
