// The server's clock, where a test has to see something expire. Servers of the tests' profile read it from a file.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class MovedClock {
  private readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tallygate-clock-'));
  private ahead = 0;

  /** For the server's environment. */
  get settings(): Record<string, string> {
    return { TALLYGATE_TEST_CLOCK: path.join(this.directory, 'ahead-ms') };
  }

  /** What the server takes it to be. */
  now(): number {
    return Date.now() + this.ahead;
  }

  async advance(ms: number): Promise<void> {
    this.ahead += ms;
    const file = this.settings.TALLYGATE_TEST_CLOCK as string;
    // Read while it is written, half a number would be another one.
    fs.writeFileSync(`${file}.new`, String(this.ahead));
    fs.renameSync(`${file}.new`, file);
    // Looked at every 20 ms.
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
