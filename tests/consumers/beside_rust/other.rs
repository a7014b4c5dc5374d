//! Another library in Rust, linked statically into the same program.

#![allow(missing_docs)]

use std::collections::HashMap;

/// Uses enough of the standard library that a clash of two copies of it would show.
#[unsafe(no_mangle)]
pub extern "C" fn other_answer(seed: i32) -> i32 {
    let caught = std::panic::catch_unwind(|| {
        let map: HashMap<i32, String> = (0..10).map(|n| (n, format!("{n}"))).collect();
        map.len() as i32 + seed
    });
    caught.unwrap_or(-1)
}
