//! libFuzzer's program for the target `machine`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gossip_fuzz::machine::run(data));
