// The gateway as the official OpenAI SDK sees it, above all where something is wrong.
import OpenAI from 'openai';
import { Api, openai } from '../support/api';
import { freePort } from '../support/process';
import { expect, test } from '../support/test';

const HELLO = [{ role: 'user' as const, content: 'Hello' }];

/** The error that a call ends with. */
async function refusal(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(OpenAI.APIError);
    return error as InstanceType<typeof OpenAI.APIError>;
  }
  throw new Error('the call was not refused');
}

test('calls that cannot be served are refused as the error table says', async ({ platform }) => {
  const api = await Api.first(platform);
  const { key, keyId, model, team } = await api.team({ kind: 'simulated' }, 'any');
  const client = openai(platform, key);

  const unknownKey = await refusal(openai(platform, `tg_${'x'.repeat(49)}`).chat.completions.create({ model, messages: HELLO }));
  expect(unknownKey).toMatchObject({ status: 401, type: 'invalid_request_error', code: 'invalid_api_key' });

  const unknownModel = await refusal(client.chat.completions.create({ model: 'nobody-has-this', messages: HELLO }));
  expect(unknownModel).toMatchObject({ status: 404, type: 'invalid_request_error', code: 'model_not_found' });
  expect(unknownModel.requestID).toBeTruthy();

  const wrongType = await refusal(client.chat.completions.create({ model, messages: 'Hello' as never }));
  expect(wrongType).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'invalid_request' });

  const missingModel = await refusal(client.chat.completions.create({ messages: HELLO } as never));
  expect(missingModel).toMatchObject({ status: 400, code: 'invalid_request' });

  const tooLarge = await refusal(client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x'.repeat(50_000_000) }] }));
  // A server that answers before the end of a body may close the connection first.
  if (tooLarge.status !== undefined) expect(tooLarge).toMatchObject({ status: 413, code: 'request_too_large' });

  const list = await client.models.list();
  expect(list.data.map((entry) => entry.id)).toEqual([model]);
  expect((await client.models.retrieve(model)).id).toBe(model);
  expect(await refusal(client.models.retrieve('nobody-has-this'))).toMatchObject({ status: 404, code: 'model_not_found' });

  await api.delete(`/teams/${team}/keys/${keyId}`);
  const revoked = await refusal(client.chat.completions.create({ model, messages: HELLO }));
  expect(revoked).toMatchObject({ status: 401, code: 'api_key_revoked' });
});

test.describe('upstream on this machine', () => {
  test.use({ settings: { TALLYGATE_ALLOWED_UPSTREAMS: '127.0.0.1' } });

  test('an upstream that refuses connections is a 502 that tells nothing of it', async ({ platform }) => {
    const api = await Api.first(platform);
    const port = await freePort();
    const { key, model } = await api.team({ kind: 'openai', base_url: `http://127.0.0.1:${port}/v1`, secret: 'sk-upstream-canary' }, 'any');
    const refused = await refusal(openai(platform, key).chat.completions.create({ model, messages: HELLO }));
    expect(refused).toMatchObject({ status: 502, type: 'api_error', code: 'upstream_error' });
    expect(refused.message).not.toContain(String(port));
    expect(refused.message).not.toContain('canary');
    expect(platform.log()).not.toContain('canary');
  });
});
