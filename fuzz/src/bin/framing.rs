//! libFuzzer's program for the target `framing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gossip_fuzz::framing::run(data));
