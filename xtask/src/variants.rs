//! Builds of the library that differ from the usual one.

use std::path::Path;

use crate::consumers::{self, Kind, Project};
use crate::elf;
use crate::headers;
use crate::install::{self, Package};
use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::tools::Tools;

/// The most that the shared library may have without transports, in bytes.
const LARGEST_WITHOUT_NET: u64 = 450_000;

/// The library without its transports.
pub fn without_net(report: &mut Report, place: &Place, package: &Package) {
    let by_cargo = cargo_without_net(report, place);
    report.check("without net: plain cargo build, its size", by_cargo);
    report.check("without net: with core/gossip_ext.h", without_net_with_ext(place, package));
    let prefix = match build_without_net(place, &package.tools, false) {
        Ok(prefix) => prefix,
        Err(error) => {
            report.check("without net: build", Err(error));
            return;
        }
    };
    report.check("without net: build", Ok(()));
    if cfg!(target_os = "linux") {
        let library = prefix.join("lib/libgossip.so.1");
        let names = headers::names(&prefix.join("include"))
            .and_then(|wanted| elf::same(&wanted, &elf::exported(&library)?));
        report.check("without net: exports what the headers declare", names);
        let size = elf::size(report, &library, LARGEST_WITHOUT_NET);
        report.check("without net: size of libgossip.so.1", size);
    }
    let options =
        [format!("-DCMAKE_PREFIX_PATH={}", prefix.display()), "-DCONSUMER_NET=OFF".to_owned()];
    let project = Project { folder: "find_package", options: &options, kind: Kind::Shared };
    let result = consumers::project(place, &package.tools, &project);
    report.check("without net: a program uses the package", result);
}

/// What plain cargo makes, in a folder of its own: the file has the same name as with transports.
fn cargo_without_net(report: &mut Report, place: &Place) -> Result<(), String> {
    let folder = place.work.join("cargo-without-net");
    let mut cargo = shell::cargo(&place.root);
    cargo.args(["build", "--release", "--quiet", "--no-default-features", "--features", "ffi"]);
    shell::capture(cargo.arg("--target-dir").arg(&folder))?;
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    elf::size(report, &folder.join("release/libgossip.so"), LARGEST_WITHOUT_NET)
}

/// Without transports, but with what version 1 lacks: the header is there, and its functions are.
fn without_net_with_ext(place: &Place, package: &Package) -> Result<(), String> {
    let prefix = build_without_net(place, &package.tools, true)?;
    if !prefix.join("include/core/gossip_ext.h").exists() {
        return Err("core/gossip_ext.h was not installed".to_owned());
    }
    cpp_without_net(place, &prefix.join("include"))?;
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let library = prefix.join("lib/libgossip.so.1");
    elf::same(&headers::names(&prefix.join("include"))?, &elf::exported(&library)?)
}

/// The C++ headers are there but for the one that needs transports, and compile.
fn cpp_without_net(place: &Place, include: &Path) -> Result<(), String> {
    let headers = headers::files(include, "hpp")?;
    if headers.is_empty() || include.join("core/gossip_manager.hpp").exists() {
        return Err(format!("these C++ headers were installed: {headers:?}"));
    }
    if !shell::works("g++") {
        return Ok(());
    }
    let lines: Vec<String> =
        headers.iter().map(|header| format!("#include \"{}\"\n", header.display())).collect();
    let source = place.work.join("without_net.cpp");
    std::fs::write(&source, lines.concat()).map_err(|error| error.to_string())?;
    let mut compile = shell::command("g++", include);
    compile.args(["-std=c++17", "-fsyntax-only", "-Wall", "-Werror"]).arg(&source);
    shell::capture(&mut compile).map(drop)
}

fn build_without_net(
    place: &Place,
    tools: &Tools,
    ext: bool,
) -> Result<std::path::PathBuf, String> {
    let build = place.work.join("build-without-net");
    let options = [
        "-DLIBGOSSIP_NET=OFF".to_owned(),
        format!("-DLIBGOSSIP_EXT={}", if ext { "ON" } else { "OFF" }),
        "-DCMAKE_INSTALL_LIBDIR=lib".to_owned(),
        format!("-DLIBGOSSIP_CARGO_TARGET_DIR={}", place.target.display()),
    ];
    install::configure(tools, &place.root, &build, &options)?;
    shell::capture(&mut install::compile(tools, &build))?;
    let prefix = shell::fresh_folder(&place.work.join("prefix-without-net"))?;
    install::put(tools, &build, &prefix)?;
    if prefix.join("include/net").exists() || prefix.join("lib/libgossip_net.so.1").exists() {
        return Err("parts of the transports were installed".to_owned());
    }
    if !ext && prefix.join("include/core/gossip_ext.h").exists() {
        return Err("core/gossip_ext.h was installed without its functions".to_owned());
    }
    if !ext && !headers::files(&prefix.join("include"), "hpp")?.is_empty() {
        return Err("C++ headers were installed without what they use".to_owned());
    }
    Ok(prefix)
}

/// A build with a toolchain file, the sources of all crates in a folder, and no network: the way of
/// a distribution's build farm. The toolchain is that of this machine, called a foreign one.
pub fn vendored_cross(report: &mut Report, place: &Place, package: &Package) {
    let name = "vendored: cross build without network";
    let vendor = place.work.join("vendor");
    let mut cargo = shell::cargo(&place.root);
    let vendored = shell::capture(cargo.args(["vendor", "--locked", "--quiet"]).arg(&vendor));
    if let Err(error) = vendored {
        report.skip(name, &format!("the crates cannot be had: {error}"));
        return;
    }
    report.check(name, build_vendored(place, package, &vendor));
}

fn build_vendored(place: &Place, package: &Package, vendor: &Path) -> Result<(), String> {
    let toolchain = place.work.join("toolchain.cmake");
    let text = format!(
        "set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR {})\nset(CMAKE_C_COMPILER cc)\n",
        std::env::consts::ARCH
    );
    std::fs::write(&toolchain, text).map_err(|error| error.to_string())?;
    let build = shell::fresh_folder(&place.work.join("build-vendored"))?;
    let options = [
        format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()),
        format!("-DLIBGOSSIP_VENDOR_DIR={}", vendor.display()),
        "-DLIBGOSSIP_OFFLINE=ON".to_owned(),
        format!("-DLIBGOSSIP_CARGO_TARGET_DIR={}", place.target.display()),
    ];
    install::configure(&package.tools, &place.root, &build, &options)?;
    let mut compile = install::compile(&package.tools, &build);
    // An empty home has no registry that cargo could fall back to.
    let home = shell::fresh_folder(&place.work.join("cargo-home"))?;
    shell::capture(compile.env("CARGO_HOME", &home))?;
    let options = [format!("-Dlibgossip_DIR={}", build.display())];
    let project = Project { folder: "find_package", options: &options, kind: Kind::Shared };
    consumers::project(place, &package.tools, &project)
}
