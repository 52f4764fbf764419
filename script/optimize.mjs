// usage: node script/optimize.mjs FOLDER
// Makes the WebAssembly files of a folder smaller, as wasm-opt -Oz does. Splitting leaves some five hundred; the command would start
// Binaryen for each of them, which takes longer than the work itself. Here a few threads start it once.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { stripped } from './wasm.mjs';

const BINARYEN = path.resolve(import.meta.dirname, '../end2end/node_modules/binaryen/index.js');

if (isMainThread) {
  const folder = process.argv[2];
  const size = (file) => fs.statSync(file).size;
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.wasm')).map((name) => path.join(folder, name));
  const total = () => (files.reduce((sum, file) => sum + size(file), 0) / 1e6).toFixed(2);
  const before = total();
  // The largest first: it takes as long as hundreds of small ones.
  const waiting = files.toSorted((a, b) => size(b) - size(a));
  const work = () =>
    new Promise((done, fail) => {
      const worker = new Worker(import.meta.filename, { workerData: BINARYEN });
      worker.on('error', fail);
      worker.on('exit', (code) => (code === 0 ? done() : fail(new Error(`a thread ended with ${code}`))));
      // Ready for the first, or done with the one before.
      worker.on('message', () => worker.postMessage(waiting.shift() ?? null));
    });
  await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), 8) }, work));
  console.log(`    ${files.length} files of ${before} MB made ${total()} MB`);
} else {
  const { default: binaryen } = await import(pathToFileURL(workerData));
  const { Features } = binaryen;
  // What the compiler's target has (Cargo.toml, wasm-opt-features).
  const features = Features.BulkMemory | Features.BulkMemoryOpt | Features.CallIndirectOverlong | Features.Multivalue | Features.MutableGlobals
    | Features.NontrappingFPToInt | Features.ReferenceTypes | Features.SignExt;
  // -Oz
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(2);
  parentPort.on('message', (file) => {
    if (file === null) return parentPort.close();
    const module = binaryen.readBinary(stripped(fs.readFileSync(file)), features);
    module.optimize();
    if (!module.validate()) throw new Error(`${file} is no WebAssembly any more`);
    fs.writeFileSync(file, module.emitBinary());
    module.dispose();
    parentPort.postMessage('done');
  });
  parentPort.postMessage('ready');
}
