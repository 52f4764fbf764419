// Reading WebAssembly files as far as the build has to: their sections.

export const HEADER = 8;

// A number as WebAssembly writes it: seven bits a byte, the lowest first. Gives it with the place behind it.
export function number(bytes, at) {
  for (let value = 0, shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

export function* sections(bytes) {
  for (let at = HEADER; at < bytes.length;) {
    const [length, content] = number(bytes, at + 1);
    yield { id: bytes[at], start: at, content, end: content + length };
    at = content + length;
  }
}

// Without what says how it was made: in small files that is most of it.
export function stripped(bytes) {
  const CUSTOM = 0;
  const kept = [...sections(bytes)].filter(({ id }) => id !== CUSTOM);
  return Buffer.concat([bytes.subarray(0, HEADER), ...kept.map(({ start, end }) => bytes.subarray(start, end))]);
}
