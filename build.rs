//! Gives the mark of the values that travel between server and pages (`src/wire.rs`): a hash of the sources that say what they are made
//! of. Server and pages of one build have the same mark, so a page that is older than the server is told apart.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where types that travel are written, and how.
const SOURCES: [&str; 4] = ["src/domain", "src/server_fns", "src/error.rs", "src/wire.rs"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = vec![];
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        collect(Path::new(source), &mut files);
    }
    files.sort();
    let mark = files.iter().fold(FNV_START, |mark, file| {
        let text = fs::read(file).unwrap_or_default();
        fnv(fnv(mark, file.to_string_lossy().as_bytes()), &text)
    });
    println!("cargo::rustc-env=TALLYGATE_WIRE={:08x}", (mark >> 32) ^ (mark & u64::from(u32::MAX)));
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else { return files.push(path.to_owned()) };
    for entry in entries.flatten() {
        collect(&entry.path(), files);
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: no crate is needed for it, and nobody attacks it.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
