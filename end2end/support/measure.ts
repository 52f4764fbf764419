// Calls over connections that stay open, their times, and a line for each measurement.
import http from 'node:http';

export interface Figures {
  p50: number;
  p95: number;
  p99: number;
  perSecond: number;
}

export function once(agent: http.Agent, url: string, key?: string, body?: string, further: http.OutgoingHttpHeaders = {}): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { ...(key ? { authorization: `Bearer ${key}`, 'content-type': 'application/json' } : {}), ...further };
    const request = http.request(url, { agent, method: body ? 'POST' : 'GET', headers }, (response) => {
      if (response.statusCode === 200) response.resume().once('end', () => resolve(performance.now() - began));
      else response.setEncoding('utf8').once('data', (text) => reject(new Error(`status ${response.statusCode} for ${url}: ${text}`)));
    });
    request.once('error', reject);
    request.end(body);
  });
}

export async function measure(connections: number, calls: number, one: (agent: http.Agent) => Promise<number>): Promise<Figures> {
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
export function line(what: string, { p50, p95, p99, perSecond }: Figures, floor?: Figures): void {
  const ms = (value: number) => `${value.toFixed(2)} ms`.padStart(10);
  const times = floor ? `   p50 ×${(p50 / floor.p50).toFixed(2)}, p99 ×${(p99 / floor.p99).toFixed(2)}` : '';
  console.log(`${what.padEnd(38)} p50 ${ms(p50)}   p95 ${ms(p95)}   p99 ${ms(p99)}   ${Math.round(perSecond)} calls/s${times}`);
}
