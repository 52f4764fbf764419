// An upstream that nobody of this project wrote: the LiteLLM proxy, answering by itself from its configuration.
import fs from 'node:fs';
import path from 'node:path';
import { freePort, type Running, start } from './process';

export const LITELLM_KEY = 'sk-litellm-upstream';
export const LITELLM_MODEL = 'mock-chat';
export const LITELLM_ANSWER = 'The gate opened and the toll was paid in tokens.';

const CONFIG = `
model_list:
  - model_name: ${LITELLM_MODEL}
    litellm_params:
      model: openai/${LITELLM_MODEL}
      api_key: unused
      mock_response: "${LITELLM_ANSWER}"
litellm_settings:
  telemetry: false
general_settings:
  master_key: ${LITELLM_KEY}
`;

export interface LiteLlm extends Running {
  /** Base URL of its OpenAI-compatible API. */
  url: string;
}

export async function startLiteLlm(directory: string): Promise<LiteLlm> {
  const command = process.env.TALLYGATE_TEST_LITELLM;
  if (!command) throw new Error('TALLYGATE_TEST_LITELLM is not set: script/test installs LiteLLM and sets it');
  const port = await freePort();
  const config = path.join(directory, 'litellm.yaml');
  fs.writeFileSync(config, CONFIG);
  const running = await start(
    command,
    ['--config', config, '--host', '127.0.0.1', '--port', String(port), '--telemetry', 'False'],
    {
      cwd: directory,
      // None of these lets it call out.
      env: {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        DISABLE_ADMIN_UI: 'True',
        LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS: 'True',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        LITELLM_TELEMETRY: 'False',
        NO_DOCS: 'True',
      },
      url: `http://127.0.0.1:${port}/health/liveliness`,
      seconds: 80,
    },
  );
  return { ...running, url: `http://127.0.0.1:${port}/v1` };
}
