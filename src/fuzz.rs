//! Inputs that nobody would write on purpose.
//!
//! Each target keeps its seeds in `tests/seeds/TARGET/`: what is likely to hurt, and what once did. Every seed is tried as it is,
//! then many things made of them by chance. `GOOSE_SETUP_FUZZ=100000 cargo test --lib fuzz` takes longer and finds more.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "a test reads its seeds, and fails by panicking"
)]

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;

/// What parsers stumble over.
const STUMBLING_BLOCKS: [&[u8]; 36] = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\r",
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b"'",
    b"\"",
    b"`",
    b"\\",
    b"=",
    b":",
    b": ",
    b"#",
    b" #",
    b"|",
    b">-",
    b"&a ",
    b"*a",
    b"!t ",
    b"? ",
    b"- ",
    b"---\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"@",
    b"%00",
    b"//",
    "\u{202e}".as_bytes(),
    "\u{1f986}".as_bytes(),
];

/// Tries `holds`, which panics where a promise is broken, on every seed and on what becomes of them by chance.
#[track_caller]
pub(crate) fn fuzz(target: &str, holds: impl Fn(&[u8])) {
    let seeds = seeds(target);
    for seed in &seeds {
        holds(seed);
    }
    let cases = std::env::var("GOOSE_SETUP_FUZZ")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1000);
    let mut runner = TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&inputs(seeds.clone()), |input| {
        holds(&input.0);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!(
            "{error}\nkeep the input in tests/seeds/{target}/, as \"{target}\" has to hold for it from now on"
        );
    }
    let count = seeds.len() + cases as usize;
    let figure = format!(
        "fuzz {target}: {count} of {count} inputs held, {} of them seeds\n",
        seeds.len()
    );
    // Past the test harness, which would keep it to itself.
    let _ = std::io::stderr().write_all(figure.as_bytes());
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/seeds")
        .join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("a target has a folder of seeds")
        .map(|file| file.expect("a seed can be listed").path())
        .collect();
    files.sort();
    let seeds: Vec<_> = files
        .iter()
        .map(|file| std::fs::read(file).expect("a seed can be read"))
        .collect();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    seeds
}

#[derive(Clone)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Put(Index, Vec<u8>),
    Flip(Index, u8),
    Repeat(Index, Index, usize),
    /// What follows in another seed.
    Cross(Index, Vec<u8>, Index),
}

fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Input> {
    let place = any::<Index>;
    let block = select(STUMBLING_BLOCKS.as_slice()).prop_map(<[u8]>::to_vec);
    let change = prop_oneof![
        1 => (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        4 => (place(), block).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        1 => (place(), place(), 1..40_usize)
            .prop_map(|(from, to, times)| Change::Repeat(from, to, times)),
        1 => (place(), select(seeds.clone()), place())
            .prop_map(|(at, other, from)| Change::Cross(at, other, from)),
    ];
    (select(seeds), vec(change, 0..6))
        .prop_map(|(seed, changes)| Input(changes.into_iter().fold(seed, changed)))
}

fn changed(mut bytes: Vec<u8>, change: Change) -> Vec<u8> {
    const LONGEST: usize = 4096;
    let length = bytes.len();
    let at = |index: Index| index.index(length + 1);
    let between = |one: Index, other: Index| at(one).min(at(other))..at(one).max(at(other));
    match change {
        Change::Cut(from, to) => drop(bytes.drain(between(from, to))),
        Change::Put(place, block) => drop(bytes.splice(at(place)..at(place), block)),
        Change::Flip(place, byte) => {
            if let Some(old) = bytes.get_mut(at(place)) {
                *old ^= byte;
            }
        }
        Change::Repeat(from, to, times) => {
            let range = between(from, to);
            let again = bytes[range.clone()].repeat(times);
            drop(bytes.splice(range.end..range.end, again));
        }
        Change::Cross(place, other, from) => {
            bytes.truncate(at(place));
            bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
    }
    bytes.truncate(LONGEST);
    bytes
}
