//! Gives the shared library that cargo links its proper name. CMake links its own from the static
//! library and does not depend on this.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();

    // cargo sets no soname of its own, and a program linked against a library without one asks
    // the loader for the file name it was linked with, not for `libgossip.so.1`.
    if vendor == "apple" {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libgossip.{major}.dylib");
    } else if family.split(',').any(|name| name == "unix") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libgossip.so.{major}");
    }
}
