// What the gateway adds to a call: against the simulated provider with all its delays at zero, over connections that stay open.
// Bounded in calls and time; the bounds are wide, they catch a wait in the hot path and not a slow machine.
import type http from 'node:http';
import { Api } from '../support/api';
import { line, measure, once } from '../support/measure';
import { expect, test } from '../support/test';

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
