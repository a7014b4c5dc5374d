//! Builds the library with CMake and installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::Place;
use crate::shell;
use crate::tools::Tools;

/// An installed library.
#[derive(Clone)]
pub struct Package {
    /// The folder it was installed to; `lib` and `include` are below it.
    pub prefix: PathBuf,
    /// The folder in which CMake built it.
    pub build: PathBuf,
    /// What it was built with.
    pub tools: Tools,
}

impl Package {
    /// The folder with the libraries.
    pub fn lib(&self) -> PathBuf {
        self.prefix.join("lib")
    }

    /// The folder with the headers.
    pub fn include(&self) -> PathBuf {
        self.prefix.join("include")
    }
}

/// Builds the library and installs it below cargo's output folder. A second call finds it built.
///
/// # Errors
/// When a tool is missing or a step fails: the command and the end of its output.
pub fn package(place: &Place) -> Result<Package, String> {
    let tools = Tools::find(place)?;
    let build = place.work.join("build");
    // The name of the folder is the same on every distribution, so that tests know it.
    configure(&tools, &place.root, &build, &["-DCMAKE_INSTALL_LIBDIR=lib".to_owned()])?;
    shell::capture(&mut compile(&tools, &build))?;
    let prefix = shell::fresh_folder(&place.work.join("prefix"))?;
    put(&tools, &build, &prefix)?;
    Ok(Package { prefix, build, tools })
}

/// `cargo xtask install --prefix <folder>`: installs for use.
///
/// # Errors
/// When no folder is named or a step fails.
pub fn run(place: &Place, arguments: &[String]) -> Result<(), String> {
    let prefix = match arguments {
        [option, folder] if option == "--prefix" => PathBuf::from(folder),
        [option] => option
            .strip_prefix("--prefix=")
            .map(PathBuf::from)
            .ok_or("usage: cargo xtask install --prefix <folder>")?,
        _ => return Err("usage: cargo xtask install --prefix <folder>".to_owned()),
    };
    let tools = Tools::find(place)?;
    let build = place.work.join("build-install");
    configure(&tools, &place.root, &build, &[])?;
    shell::show(&mut compile(&tools, &build))?;
    put(&tools, &build, &std::path::absolute(prefix).map_err(|error| error.to_string())?)
}

/// Configures the project in `source` to be built in `build`.
///
/// # Errors
/// When CMake fails.
pub fn configure(
    tools: &Tools,
    source: &Path,
    build: &Path,
    options: &[String],
) -> Result<(), String> {
    let attempt = || {
        let mut cmake = shell::command(&tools.cmake, source);
        cmake.arg("-S").arg(source).arg("-B").arg(build).args(&tools.generator).args(options);
        shell::capture(&mut cmake).map(drop)
    };
    attempt().or_else(|error| {
        if !build.join("CMakeCache.txt").exists() {
            return Err(error);
        }
        // What another CMake, or the same one for another build tool, left there is of no use.
        shell::fresh_folder(build)?;
        attempt()
    })
}

/// The command that builds what was configured in `build`.
pub fn compile(tools: &Tools, build: &Path) -> Command {
    let mut cmake = shell::command(&tools.cmake, build);
    cmake.arg("--build").arg(build).args(["--parallel", "2"]);
    cmake
}

/// Installs what was built in `build` to `prefix`.
///
/// # Errors
/// When CMake fails.
pub fn put(tools: &Tools, build: &Path, prefix: &Path) -> Result<(), String> {
    let mut cmake = shell::command(&tools.cmake, build);
    cmake.arg("--install").arg(build).arg("--prefix").arg(prefix);
    shell::capture(&mut cmake).map(drop)
}
