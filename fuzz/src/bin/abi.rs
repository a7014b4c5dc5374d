//! libFuzzer's program for the target `abi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gossip_fuzz::abi::run(data));
