//! Whether the installed libraries are what a program compiled long ago expects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::elf::{cc, dynamic, exported, needs, same, size, soname, symbols};
use crate::headers;
use crate::install::Package;
use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// The most that the shared library may have, in bytes.
const LARGEST: u64 = 1_200_000;

/// All checks of the installed package.
pub fn checks(report: &mut Report, place: &Place, package: &Package) {
    if !cfg!(target_os = "linux") {
        report.skip("abi", "the checks read ELF files");
        return;
    }
    let libgossip = package.lib().join("libgossip.so.1");
    let libgossip_net = package.lib().join("libgossip_net.so.1");
    report.check("libgossip.so.1 exports what the headers declare", exports(package));
    report.check("libgossip_net.so.1 forwards every transport function", forwards(place, package));
    report.check("libgossip.a has the same global names and no other", archive(package));
    report.check("sonames", soname(&libgossip, "libgossip.so.1"));
    report.check("sonames: net", soname(&libgossip_net, "libgossip_net.so.1"));
    let by_cargo =
        shell::capture(shell::cargo(&place.root).args(["build", "--release", "--quiet"]));
    report.check("plain cargo build", by_cargo.map(drop));
    report.check("sonames: cargo's own libgossip.so", cargo_library(place, package));
    report.check("libgossip_net.so.1 brings libgossip.so.1 with it", bring_along(&libgossip_net));
    report.check("ldconfig knows both sonames", ldconfig(package));
    report.check("both libraries load by themselves", load(place, package));
    report.check("struct layouts and enum values of 1.4.2", layouts(place, package));
    report.check("function signatures of 1.4.2", signatures(place, package));
    let bounded = size(report, &libgossip, LARGEST);
    report.check("size of libgossip.so.1", bounded);
    let by_cargo = place.target.join("release/libgossip.so");
    let bounded = size(report, &by_cargo, LARGEST);
    report.check("size of cargo's own libgossip.so", bounded);
}

fn private_names(net: &BTreeSet<String>) -> BTreeSet<String> {
    net.iter().map(|name| name.replacen("gossip_", "gossip_impl_", 1)).collect()
}

fn exports(package: &Package) -> Result<(), String> {
    let mut wanted = headers::names(&package.include())?;
    wanted.extend(private_names(&exported(&package.lib().join("libgossip_net.so.1"))?));
    same(&wanted, &exported(&package.lib().join("libgossip.so.1"))?)
}

fn forwards(place: &Place, package: &Package) -> Result<(), String> {
    let found = exported(&package.lib().join("libgossip_net.so.1"))?;
    let old = headers::names(&place.root.join("tests/swap/include/net"))?;
    if old.len() != 12 {
        return Err(format!("the old net header declares {} functions, not 12", old.len()));
    }
    same(&headers::names_in(&package.include().join("net/gossip_net.h"))?, &found)?;
    let missing: Vec<_> = old.difference(&found).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}")) }
}

fn archive(package: &Package) -> Result<(), String> {
    same(&headers::names(&package.include())?, &symbols(&package.lib().join("libgossip.a"), &[])?)
}

fn cargo_library(place: &Place, package: &Package) -> Result<(), String> {
    let library = place.target.join("release/libgossip.so");
    soname(&library, "libgossip.so.1")?;
    same(&headers::names(&package.include())?, &exported(&library)?)
}

fn bring_along(net: &Path) -> Result<(), String> {
    if !needs(net, "libgossip.so.1")? {
        return Err("it does not ask for libgossip.so.1".to_owned());
    }
    if dynamic(net)?.lines().any(|line| line.contains("(RUNPATH)") && line.contains("[$ORIGIN]")) {
        return Ok(());
    }
    Err("its run path is not $ORIGIN".to_owned())
}

/// ldconfig indexes a library by its soname alone; here it only says what it would do.
fn ldconfig(package: &Package) -> Result<(), String> {
    let program = ["/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig"]
        .into_iter()
        .find(|path| shell::works(path))
        .ok_or("there is no ldconfig")?;
    let out = shell::capture(
        shell::command(program, &package.prefix).args(["-n", "-N", "-v"]).arg(package.lib()),
    )?;
    for soname in ["libgossip.so.1", "libgossip_net.so.1"] {
        if !out.contains(&format!("{soname} -> {soname}.")) {
            return Err(format!("no {soname} in:\n{out}"));
        }
    }
    Ok(())
}

/// Loads each library in a process of its own, without any search path: the net library must find
/// the other one beside it.
fn load(place: &Place, package: &Package) -> Result<(), String> {
    let source = place.work.join("load.c");
    let program = place.work.join("load");
    let text = "#include <dlfcn.h>\n#include <stdio.h>\n\
        int main(int argc, char **argv) {\n\
            void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : 0;\n\
            if (!library || !dlsym(library, argv[2])) { puts(dlerror()); return 1; }\n\
            return dlclose(library);\n}\n";
    std::fs::write(&source, text).map_err(|error| error.to_string())?;
    shell::capture(cc(place).arg(&source).arg("-o").arg(&program).arg("-ldl"))?;
    for (library, name) in [
        ("libgossip.so.1", "gossip_core_create"),
        ("libgossip.so.1", "gossip_transport_create"),
        ("libgossip_net.so.1", "gossip_transport_create"),
    ] {
        let mut command = shell::command(&program, &place.work);
        let path = package.lib().join(library);
        shell::capture(command.env_remove("LD_LIBRARY_PATH").arg(path).arg(name))?;
    }
    Ok(())
}

/// Compiles one program against the old headers and against the installed ones, and compares what
/// the two print.
fn layouts(place: &Place, package: &Package) -> Result<(), String> {
    let source = place.root.join("tests/swap/layout.c");
    let print = |include: &Path| -> Result<String, String> {
        let program: PathBuf = place.work.join("layout");
        shell::capture(
            cc(place).args(["-std=c11", "-I"]).arg(include).arg(&source).arg("-o").arg(&program),
        )?;
        shell::capture(&mut shell::command(&program, &place.work))
    };
    let old = print(&place.root.join("tests/swap/include"))?;
    let new = print(&package.include())?;
    if old == new { Ok(()) } else { Err(format!("before:\n{old}\nnow:\n{new}")) }
}

/// C accepts a second declaration of a function only if it has the same type. So the old
/// declarations are put behind the installed headers, and the compiler compares them.
fn signatures(place: &Place, package: &Package) -> Result<(), String> {
    let mut text = String::from("#include \"core/gossip_core.h\"\n#include \"net/gossip_net.h\"\n");
    let mut count = 0;
    for header in headers::files(&place.root.join("tests/swap/include"), "h")? {
        for prototype in headers::prototypes(&shell::read(&header)?) {
            text.push_str(&format!("{prototype};\n"));
            count += 1;
        }
        for line in shell::read(&header)?.split(";\n").filter(|text| text.contains("(*gossip_")) {
            let start = line.find("typedef").ok_or("a callback type without typedef")?;
            text.push_str(&format!("{};\n", &line[start..]));
        }
    }
    if count != 29 {
        return Err(format!("the old headers declare {count} functions, not 29"));
    }
    let source = place.work.join("signatures.c");
    std::fs::write(&source, text).map_err(|error| error.to_string())?;
    shell::capture(
        cc(place)
            .args(["-std=c11", "-Werror", "-fsyntax-only", "-I"])
            .arg(package.include())
            .arg(&source),
    )
    .map(drop)
}
