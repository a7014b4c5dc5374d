//! Builds and runs small projects that use the library in every way that is offered.

use std::path::{Path, PathBuf};

use crate::elf;
use crate::install::{self, Package};
use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::tools::Tools;

/// Which library the programs must end up with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They ask the loader for libgossip.so.1.
    Shared,
    /// They have the code in themselves.
    Static,
}

/// One project of `tests/consumers` and how to configure it.
pub struct Project<'a> {
    /// Its folder there.
    pub folder: &'a str,
    /// Options for CMake.
    pub options: &'a [String],
    /// What must come out.
    pub kind: Kind,
}

/// Runs all of them.
pub fn run(report: &mut Report, place: &Place, package: &Package) {
    let tools = &package.tools;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", package.prefix.display());
    let in_build = format!("-Dlibgossip_DIR={}", package.build.display());
    let source = format!("-DLIBGOSSIP_SOURCE={}", place.root.display());
    let target = format!("-DLIBGOSSIP_CARGO_TARGET_DIR={}", place.target.display());
    let fixed = "-DBUILD_SHARED_LIBS=OFF".to_owned();
    let installed = [prefix.clone()];
    let installed_static = [prefix.clone(), fixed.clone()];
    let not_installed = [in_build];
    let nested = [source.clone(), target.clone()];
    let nested_static = [source, target, fixed];

    let (shared, fixed) = (Kind::Shared, Kind::Static);
    let list = [
        ("installed package, shared", "find_package", &installed[..], shared),
        ("installed package, static", "find_package", &installed_static, fixed),
        ("package in the build folder", "find_package", &not_installed, shared),
        ("add_subdirectory, shared", "add_subdirectory", &nested, shared),
        ("add_subdirectory, static", "add_subdirectory", &nested_static, fixed),
        ("FetchContent", "fetch_content", &nested, shared),
    ];
    for (name, folder, options, kind) in list {
        let result = project(place, tools, &Project { folder, options, kind });
        report.check(&format!("consumer: {name}"), result);
    }
    match Tools::oldest(place) {
        Ok(oldest) => {
            for (name, folder, options, kind) in [list[0], list[1], list[3]] {
                let result = project(place, &oldest, &Project { folder, options, kind });
                report.check(&format!("consumer: {name}, with the oldest CMake"), result);
            }
        }
        Err(error) => report.skip("consumers with the oldest CMake", &error),
    }
    if shell::works("pkg-config") {
        report.check("consumer: pkg-config", pkg_config(place, package, shared));
        report.check("consumer: pkg-config --static", pkg_config(place, package, fixed));
    } else {
        report.skip("consumers by pkg-config", "apt-get install pkg-config");
    }
    report.check("consumer: beside another static Rust library", beside_rust(place, package));
    report.check("consumer: staged with DESTDIR, then moved", moved(place, package));
}

/// Configures, builds and runs one project.
///
/// # Errors
/// When a step fails, or the programs got the other kind of library.
pub fn project(place: &Place, tools: &Tools, project: &Project<'_>) -> Result<(), String> {
    let source = place.root.join("tests/consumers").join(project.folder);
    let build = shell::fresh_folder(&place.work.join("consumer"))?;
    install::configure(tools, &source, &build, project.options)?;
    shell::capture(&mut install::compile(tools, &build))?;
    let mut ctest = shell::command(&tools.ctest, &build);
    shell::capture(ctest.args(["--output-on-failure", "--no-tests=error"]))?;
    expect_kind(&build.join("with_core"), project.kind)
}

fn expect_kind(program: &Path, kind: Kind) -> Result<(), String> {
    if !cfg!(target_os = "linux")
        || elf::needs(program, "libgossip.so.1")? == (kind == Kind::Shared)
    {
        return Ok(());
    }
    Err(format!("{} was linked with the other kind of library", program.display()))
}

/// A program built with what pkg-config says, from a prefix that was moved after installation.
fn pkg_config(place: &Place, package: &Package, kind: Kind) -> Result<(), String> {
    let prefix = shell::fresh_folder(&place.work.join("moved"))?;
    copy(&package.prefix, &prefix)?;
    if kind == Kind::Static {
        // With both kinds in one folder a linker takes the shared one, whatever pkg-config says.
        for name in ["libgossip.so", "libgossip_net.so"] {
            let path = prefix.join("lib").join(name);
            std::fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    for (package, source) in
        [("libgossip", "core.c"), ("libgossip", "network.c"), ("libgossip_net", "network.c")]
    {
        let mut ask = shell::command("pkg-config", &prefix);
        ask.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(["--cflags", "--libs"]);
        if kind == Kind::Static {
            ask.arg("--static");
        }
        let flags = shell::capture(ask.arg(package))?;
        let program = prefix.join("program");
        let mut cc = elf::cc(place);
        cc.arg(place.root.join("tests/consumers").join(source)).arg("-o").arg(&program);
        shell::capture(cc.args(flags.split_whitespace()))?;
        let mut run = shell::command(&program, &prefix);
        shell::capture(run.env("LD_LIBRARY_PATH", prefix.join("lib")))?;
        expect_kind(&program, kind)?;
    }
    Ok(())
}

/// One program with libgossip.a and another static library that has Rust inside.
fn beside_rust(place: &Place, package: &Package) -> Result<(), String> {
    let source = place.root.join("tests/consumers/beside_rust");
    let folder = shell::fresh_folder(&place.work.join("beside_rust"))?;
    let other = folder.join("libother.a");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut compile = shell::command(rustc, &place.root);
    compile.args(["--edition", "2024", "-O", "--crate-type", "staticlib", "-o"]).arg(&other);
    shell::capture(compile.arg(source.join("other.rs")))?;
    // In both orders, because a linker takes the first definition that it meets.
    let ours = package.lib().join("libgossip.a");
    for libraries in [[&ours, &other], [&other, &ours]] {
        let program = folder.join("program");
        let mut cc = elf::cc(place);
        cc.arg("-std=c11").arg("-I").arg(package.include()).arg(source.join("main.c"));
        cc.arg("-o").arg(&program).args(libraries);
        shell::capture(cc.args(["-lpthread", "-ldl", "-lm", "-lrt", "-lutil"]))?;
        shell::capture(&mut shell::command(&program, &folder))?;
    }
    Ok(())
}

/// Installs as a packager does, for one prefix and into a staging folder, and uses it from there.
fn moved(place: &Place, package: &Package) -> Result<(), String> {
    let build = place.work.join("build-staged");
    let options = [
        "-DCMAKE_INSTALL_PREFIX=/usr".to_owned(),
        "-DCMAKE_INSTALL_LIBDIR=lib/somewhere".to_owned(),
        "-DBUILD_SHARED_LIBS=OFF".to_owned(),
        format!("-DLIBGOSSIP_CARGO_TARGET_DIR={}", place.target.display()),
    ];
    let tools = with_make(&package.tools);
    install::configure(&tools, &place.root, &build, &options)?;
    shell::capture(&mut install::compile(&tools, &build))?;
    let stage = shell::fresh_folder(&place.work.join("stage"))?;
    let mut put = shell::command(&tools.cmake, &build);
    shell::capture(put.env("DESTDIR", &stage).arg("--install").arg(&build))?;
    let prefix = stage.join("usr");
    for file in text_files(&prefix.join("lib/somewhere"))? {
        if shell::read(&file)?.contains(&*place.root.to_string_lossy()) {
            return Err(format!("{} names the folder it was built in", file.display()));
        }
    }
    // The library was built with the static kind chosen, and the project does not ask for one.
    let options =
        [format!("-Dlibgossip_DIR={}", prefix.join("lib/somewhere/cmake/libgossip").display())];
    let kind = Kind::Static;
    project(place, &package.tools, &Project { folder: "find_package", options: &options, kind })
}

/// The same CMake with make, where there is one, because the other builds take Ninja.
fn with_make(tools: &Tools) -> Tools {
    let mut tools = tools.clone();
    if cfg!(unix) && shell::works("make") {
        tools.generator = vec!["-GUnix Makefiles".to_owned()];
    }
    tools
}

fn text_files(lib: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = crate::headers::files(lib, "cmake")?;
    files.extend(crate::headers::files(lib, "pc")?);
    if files.len() < 5 { Err(format!("too few files in {}", lib.display())) } else { Ok(files) }
}

/// Copies a folder with its symbolic links.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let mut cp = shell::command("cp", to);
    shell::capture(cp.arg("-a").arg(from.join(".")).arg(to)).map(drop)
}
