//! A program that was linked against the two libraries of version 1.4.2 runs on ours as it is.
//!
//! Those libraries are not needed for that: what the linker takes from them are names and sonames,
//! so empty ones with the same names and sonames serve.

use std::path::{Path, PathBuf};

use crate::elf;
use crate::install::Package;
use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// Links the programs of `tests/swap` against the empty libraries and runs them on the installed.
pub fn run(report: &mut Report, place: &Place, package: &Package) {
    if !cfg!(target_os = "linux") {
        report.skip("swap", "the checks read ELF files");
        return;
    }
    let old = match empty_libraries(place) {
        Ok(old) => old,
        Err(error) => {
            report.check("swap: the empty libraries", Err(error));
            return;
        }
    };
    for name in ["in_process", "udp"] {
        let result = swap(place, package, &old, name);
        report.check(&format!("swap: {name} was linked long ago and runs now"), result);
    }
}

fn empty_libraries(place: &Place) -> Result<PathBuf, String> {
    let old = shell::fresh_folder(&place.work.join("old"))?;
    for (source, name) in [("stub_core.c", "libgossip"), ("stub_net.c", "libgossip_net")] {
        let library = old.join(format!("{name}.so.1"));
        let mut cc = elf::cc(place);
        cc.args(["-shared", "-fPIC", &format!("-Wl,-soname,{name}.so.1"), "-o"]).arg(&library);
        cc.arg(place.root.join("tests/swap").join(source));
        if source == "stub_net.c" {
            cc.args(["-Wl,--no-as-needed"]).arg(old.join("libgossip.so.1"));
        }
        shell::capture(&mut cc)?;
    }
    Ok(old)
}

fn swap(place: &Place, package: &Package, old: &Path, name: &str) -> Result<(), String> {
    let program = old.join(name);
    let source = place.root.join("tests/swap").join(format!("{name}.c"));
    let mut cc = elf::cc(place);
    cc.args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(place.root.join("tests/swap/include"))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg("-Wl,--no-as-needed")
        .arg(old.join("libgossip_net.so.1"))
        .arg(old.join("libgossip.so.1"));
    shell::capture(&mut cc)?;
    for soname in ["libgossip.so.1", "libgossip_net.so.1"] {
        if !elf::needs(&program, soname)? {
            return Err(format!("{name} does not ask for {soname}"));
        }
    }
    // On the empty libraries the program must find fault, or it would prove nothing.
    if start(&program, old).is_ok() {
        return Err(format!("{name} is content with a library that does nothing"));
    }
    start(&program, &package.lib())
}

fn start(program: &Path, libraries: &Path) -> Result<(), String> {
    let mut command = shell::command(program, libraries);
    shell::capture(command.env("LD_LIBRARY_PATH", libraries)).map(drop)
}
