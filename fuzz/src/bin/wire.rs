//! libFuzzer's program for the target `wire`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gossip_fuzz::wire::run(data));
