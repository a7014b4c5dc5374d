//! A C++ program, compiled against the headers and linked to the shared library.
#![cfg(all(feature = "ffi", target_os = "linux"))]

mod c_library;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn exceptions_and_destructors_of_cpp_programs_are_served() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join("guest");
    // The loader looks for the soname, and cargo makes no file of that name.
    let library = folder.join("libgossip.so.1");
    fs::copy(c_library::path(), &library).expect("the library is copied");
    let output = Command::new("c++")
        .args(["-std=c++17", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread", "-I"])
        .arg(root.join("include"))
        .arg(root.join("tests/data/guest.cpp"))
        .arg(&library)
        .arg("-o")
        .arg(&program)
        .output()
        .expect("a C++ compiler named c++");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output =
        Command::new(&program).env("LD_LIBRARY_PATH", &folder).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said == "ok\n" && failed.is_empty(), "{said}{failed}");
}
