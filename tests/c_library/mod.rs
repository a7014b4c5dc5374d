//! The shared library for C programs, for the tests that load it or link to it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where it lies. Built on first use, because cargo builds no such library for a test: with the
/// features and the profile that the test itself was built with.
pub(crate) fn path() -> PathBuf {
    static PATH: LazyLock<PathBuf> = LazyLock::new(build);
    PATH.clone()
}

fn build() -> PathBuf {
    let test = env::current_exe().expect("a path");
    // The test is <target>/<profile>/deps/<name>.
    let output = test.ancestors().nth(2).expect("three folders");
    let target = output.parent().expect("three folders");
    let folder = output.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let profile = if folder == "debug" { "dev" } else { folder };
    let features = match (cfg!(feature = "net"), cfg!(feature = "ext")) {
        (true, _) => "ffi,net",
        (false, true) => "ffi,ext",
        (false, false) => "ffi",
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let output_of_cargo = Command::new(cargo)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["build", "--quiet", "--package", "libgossip-c", "--lib", "--no-default-features"])
        .args(["--features", features, "--profile", profile, "--target-dir"])
        .arg(target)
        .output()
        .expect("cargo runs");
    assert!(
        output_of_cargo.status.success(),
        "{}",
        String::from_utf8_lossy(&output_of_cargo.stderr)
    );
    output.join("libgossip.so")
}
