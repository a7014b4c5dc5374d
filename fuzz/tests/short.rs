//! The short form of fuzzing: the inputs of `corpus/`, then random ones, through the same functions.
//!
//! `GOSSIP_FUZZ_INPUTS` says how many random inputs each target gets. A failure prints the input's
//! seed and writes its bytes to a file, which `cargo xtask fuzz TARGET FILE` runs again.

use gossip_fuzz::{TARGETS, Target};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// The random inputs of each target.
const INPUTS: u64 = 2_000;
/// The longest of them.
const MOST_BYTES: usize = 1_500;

fn target(name: &str) -> Target {
    *TARGETS.iter().find(|target| target.name == name).expect("a target")
}

/// The committed inputs of a target, in the order of their names.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let entries = fs::read_dir(&folder).expect("each target has a folder");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

/// Random bytes, or an input of the corpus with some changes.
fn random(inputs: &[(PathBuf, Vec<u8>)], rng: &mut SmallRng) -> Vec<u8> {
    if inputs.is_empty() || rng.random_range(0..4) == 0 {
        let mut bytes = vec![0; rng.random_range(0..=MOST_BYTES)];
        rng.fill_bytes(&mut bytes);
        return bytes;
    }
    let pick = |rng: &mut SmallRng| inputs[rng.random_range(0..inputs.len())].1.clone();
    let mut bytes = pick(rng);
    for _ in 0..rng.random_range(1..=6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..=24)).min(bytes.len());
        match rng.random_range(0..6) {
            0 | 1 if at < bytes.len() => bytes[at] = rng.next_u32() as u8,
            2 => bytes.insert(at, rng.next_u32() as u8),
            3 => drop(bytes.drain(at..end)),
            4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => {
                let other = pick(rng);
                let from = rng.random_range(0..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
    bytes
}

/// Runs one input; its failure says how to repeat it.
fn run(target: &Target, bytes: &[u8], about: &str) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) else { return };
    let name = format!("gossip-fuzz-{}-{}", target.name, std::process::id());
    let path = std::env::temp_dir().join(name);
    let written = fs::write(&path, bytes);
    eprintln!(
        "target {}, {about}; {} bytes in {}: {written:?}",
        target.name,
        bytes.len(),
        path.display()
    );
    resume_unwind(panic);
}

fn short(name: &str) {
    let target = target(name);
    let inputs = corpus(&target);
    for (path, bytes) in &inputs {
        run(&target, bytes, &path.display().to_string());
    }
    let asked = std::env::var("GOSSIP_FUZZ_INPUTS").ok();
    let count = asked.map_or(INPUTS, |count| count.parse().expect("a number"));
    for seed in 0..count {
        let bytes = random(&inputs, &mut SmallRng::seed_from_u64(seed));
        run(&target, &bytes, &format!("seed {seed}"));
    }
}

#[test]
fn wire() {
    short("wire");
}

#[test]
fn framing() {
    short("framing");
}

#[test]
fn machine() {
    short("machine");
}

#[test]
fn abi() {
    short("abi");
}

#[test]
fn the_corpus_is_small() {
    let bytes: usize = TARGETS.iter().flat_map(corpus).map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= 300_000, "{bytes} bytes");
}
