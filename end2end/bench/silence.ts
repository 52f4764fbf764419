// Connections that say nothing, or half of what they have to say: how long they are kept, and what the calls beside them feel.
import type http from 'node:http';
import net from 'node:net';
import { Api } from '../support/api';
import { line, measure, once } from '../support/measure';
import { expect, test } from '../support/test';

const EACH = 500;
const LONGEST_MS = 15_000;

/** Opens a connection, says what is to be said, and tells after how many milliseconds the server has closed it. */
function kept(port: number, words: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      // Of an empty text Node waits for the end of a write that never begins.
      if (words) socket.write(words);
    });
    socket.once('close', () => resolve(performance.now() - began));
    // Closing with a reset is closing.
    socket.once('error', () => {});
    socket.setTimeout(3 * LONGEST_MS, () => reject(new Error('still open')));
    socket.resume();
  });
}

test('silent connections', async ({ platform }) => {
  const api = await Api.first(platform);
  const simulation = { first_token_ms: 0, per_token_ms: 0, output_tokens: 32, failure_per_mille: 0, cut_per_mille: 0 };
  const { key, model } = await api.team({ kind: 'simulated', simulation }, 'any');
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  const call = (agent: http.Agent) => once(agent, `${platform.url}/v1/chat/completions`, key, body);

  await measure(4, 200, call);
  const alone = await measure(4, 2000, call);
  line('plain call, 4 connections, alone', alone);
  const port = Number(new URL(platform.url).port);
  const half = 'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ';
  const crowd = Array.from({ length: 2 * EACH }, (_, n) => kept(port, n % 2 ? half : ''));
  const beside = await measure(4, 2000, call);
  line(`the same beside ${2 * EACH} silent ones`, beside, alone);
  const times = (await Promise.all(crowd)).sort((a, b) => a - b);
  const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)} s`;
  console.log(`silent connections are closed after      ${seconds(times[0])} to ${seconds(times.at(-1))}`);

  expect(times.at(-1)).toBeLessThan(LONGEST_MS);
  expect(beside.p99).toBeLessThan(500);
});
