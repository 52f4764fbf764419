// Many calls at once, some of which leave before their end.
import http from 'node:http';

export interface Call {
  key: string;
  body: { model: string; max_tokens?: number; stream?: boolean };
  /** Leaves after so many chunks. */
  leaveAfter?: number;
}

export interface Ended {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Of an answer that is none. */
  error?: { message: string; type: string; code: string; limit?: Record<string, unknown> };
}

const MESSAGES = [{ role: 'user', content: 'Hello' }];

function one(agent: http.Agent, url: string, { key, body, leaveAfter }: Call): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const request = http.request(`${url}/v1/chat/completions`, { agent, method: 'POST', headers }, (response) => {
      const ended: Ended = { status: response.statusCode ?? 0, headers: response.headers };
      let text = '';
      let chunks = 0;
      response.on('data', (chunk) => {
        text += chunk;
        chunks += 1;
        if (ended.status === 200 && leaveAfter !== undefined && chunks > leaveAfter) {
          request.destroy();
          resolve(ended);
        }
      });
      response.once('end', () => {
        if (ended.status !== 200) ended.error = (JSON.parse(text) as { error: Ended['error'] }).error;
        resolve(ended);
      });
    });
    request.once('error', reject);
    request.end(JSON.stringify({ messages: MESSAGES, ...body }));
  });
}

/** Makes so many calls at the same time. */
export async function crowd(url: string, callers: number, call: (n: number) => Call): Promise<Ended[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: callers });
  const ended = await Promise.all(Array.from({ length: callers }, (_, n) => one(agent, url, call(n))));
  agent.destroy();
  return ended;
}
