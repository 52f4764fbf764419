// Limits hold exactly, over HTTP: many callers at once, and streams that end early.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import OpenAI from 'openai';
import { Api } from '../support/api';
import { crowd, type Ended } from '../support/crowd';
import { expect, test } from '../support/test';

// What people run has to hold.
test.use({ release: true });

const CENT = 10_000_000;
const DOLLAR = 100 * CENT;
const KEYS = 5;
const CALLERS = 200;

interface Scene {
  api: Api;
  team: string;
  organization: string;
  user: string;
  keys: { id: string; key: string }[];
  call: { model: string; max_tokens: number };
}

/** A team with five keys of one person and a model of which a call costs a cent and a third. */
async function scene(api: Api): Promise<Scene> {
  const { key, keyId, team } = await api.team({ kind: 'simulated' }, 'any');
  const call = await api.dearModel();
  const organization = (await api.get<{ items: { slug: string }[] }>('/organizations')).items[0]!.slug;
  const keys = [{ id: keyId, key }];
  while (keys.length < KEYS) {
    keys.push(await api.post<{ id: string; key: string }>(`/teams/${team}/keys`, { name: `caller ${keys.length}` }));
  }
  const members = await api.get<{ items: { user: string }[] }>(`/teams/${team}/members`);
  return { api, team, organization, user: members.items[0]!.user, keys, call };
}

const admitted = (ended: Ended[]) => ended.filter(({ status }) => status === 200).length;

test('of two hundred callers at once a limit of twenty admits twenty', async ({ platform }) => {
  const { api, team, keys, call } = await scene(await Api.first(platform));
  await api.put(`/teams/${team}/limits`, { rpm: 20 });
  const ended = await crowd(platform.url, CALLERS, (n) => ({ key: keys[n % KEYS]!.key, body: { ...call, stream: n % 2 === 0 } }));
  expect(admitted(ended)).toBe(20);
  const refused = ended.filter(({ status }) => status !== 200);
  for (const { status, error } of refused) {
    expect(status).toBe(429);
    expect(error).toMatchObject({ type: 'requests', code: 'rate_limit_exceeded', limit: { scope: 'team', window: 'rpm', limit: 20, used: 20 } });
  }
  // The sentence is one for all of them: what happened, which limit, who can change it.
  expect(refused[0]!.error!.message).toContain('20 of 20 requests this minute');
});

const SCOPES = ['team', 'organization', 'member', 'key'] as const;

async function limit(scope: (typeof SCOPES)[number], { api, team, organization, user, keys }: Scene, amount: number): Promise<void> {
  if (scope === 'team') await api.put(`/teams/${team}/budget`, { spending_limit: amount });
  if (scope === 'organization') await api.put(`/organizations/${organization}/limits`, { budget: amount });
  if (scope === 'member') await api.patch(`/teams/${team}/members/${user}`, { limits: { budget: amount } });
  if (scope === 'key') await api.patch(`/teams/${team}/keys/${keys[0]!.id}`, { budget: amount });
}

for (const scope of SCOPES) {
  test(`a budget of a dollar on the ${scope} is spent to the last call and never above`, async ({ platform }) => {
    const scened = await scene(await Api.first(platform));
    const { api, team, keys, call } = scened;
    await limit(scope, scened, DOLLAR);
    const callers = scope === 'key' ? keys.slice(0, 1) : keys;
    const spent = async () => (await api.get<{ total: { cost: number } }>(`/teams/${team}/usage`)).total.cost;

    const all: Ended[] = [];
    // Calls that are running hold more than they will cost: who was refused because of them comes again.
    for (let round = 0; round < 12; round += 1) {
      const ended = await crowd(platform.url, CALLERS / 4, (n) => ({
        key: callers[n % callers.length]!.key,
        body: { ...call, stream: n % 2 === 0 },
        // A third of the streams ends early, at whatever they have got.
        leaveAfter: n % 6 === 0 ? n % 9 : undefined,
      }));
      all.push(...ended);
      if (admitted(ended) === 0) break;
    }
    // What is left is less than a call may cost: another one is refused, and says what would fit.
    const [last] = await crowd(platform.url, 1, () => ({ key: callers[0]!.key, body: call }));
    const code = scope === 'team' || scope === 'organization' ? 'spending_limit_reached' : 'budget_exceeded';
    expect(last).toMatchObject({ status: 429, error: { type: 'insufficient_quota', code, limit: { scope } } });
    expect(all.every(({ status }) => status === 200 || status === 429)).toBe(true);

    await expect.poll(spent, { timeout: 15_000 }).toBeGreaterThan(DOLLAR - 2 * CENT);
    expect(await spent()).toBeLessThanOrEqual(DOLLAR);
  });
}

/** One call with the official Python SDK, which LiteLLM brings. */
const PYTHON = `
import os, sys, openai
client = openai.OpenAI(api_key=os.environ["KEY"], base_url=os.environ["BASE"], max_retries=2)
try:
    client.chat.completions.create(model="dear", max_tokens=20, messages=[{"role": "user", "content": "Hello"}])
except openai.RateLimitError as error:
    print(error.status_code, error.type, error.code)
`;

test('at a reached spending limit the official SDKs ask once, not three times', async ({ platform }) => {
  const { api, team, keys, call } = await scene(await Api.first(platform));
  await api.put(`/teams/${team}/budget`, { spending_limit: 0 });
  const refused = async () => (await api.get<{ total: { refused: number } }>(`/teams/${team}/usage`)).total.refused;
  const base = `${platform.url}/v1`;

  const client = new OpenAI({ apiKey: keys[0]!.key, baseURL: base, maxRetries: 2 });
  const answer = client.chat.completions.create({ ...call, messages: [{ role: 'user', content: 'Hello' }] });
  await expect(answer).rejects.toMatchObject({ status: 429, type: 'insufficient_quota', code: 'spending_limit_reached' });
  await expect.poll(refused, { timeout: 15_000 }).toBe(1);

  const python = path.join(path.dirname(process.env.TALLYGATE_TEST_LITELLM as string), 'python');
  const printed = execFileSync(python, ['-c', PYTHON], { env: { KEY: keys[0]!.key, BASE: base }, encoding: 'utf8' });
  expect(printed.trim()).toBe('429 insufficient_quota spending_limit_reached');
  await expect.poll(refused, { timeout: 15_000 }).toBe(2);
});
