// Child processes of the tests: started on a free port, waited for, and stopped by their own id.
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';

export interface Running {
  child: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program and waits until `url` answers: over HTTP with a success, over SMTP (`smtp://host:port`) with a greeting. */
export async function start(
  command: string,
  args: string[],
  options: { cwd: string; env: Record<string, string>; url: string; seconds: number },
): Promise<Running> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let ended = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code, signal) => (ended = `ended with ${code ?? signal}`));

  const running: Running = { child, output: () => output, stop: () => stop(child) };
  const deadline = Date.now() + options.seconds * 1000;
  for (;;) {
    if (ended) throw new Error(`${command} ${ended}\n${output}`);
    if (await answers(options.url)) return running;
    if (Date.now() > deadline) {
      await running.stop();
      throw new Error(`${command} did not answer on ${options.url} within ${options.seconds} s\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function answers(url: string): Promise<boolean> {
  if (url.startsWith('smtp:')) return greets(new URL(url));
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function greets({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    const done = (answer: boolean) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(2000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('data', (text) => done(text.toString('latin1').startsWith('220 ')));
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
