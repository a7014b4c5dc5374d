//! Finds CMake and a build tool, or installs them from PyPI into a private folder.

use std::path::{Path, PathBuf};

use crate::place::Place;
use crate::shell;

/// The release of CMake that is the oldest this project supports, as PyPI has it.
const OLDEST_CMAKE: &str = "3.16.8";

/// What a build by CMake takes.
#[derive(Clone)]
pub struct Tools {
    /// The program `cmake`.
    pub cmake: PathBuf,
    /// The program `ctest` of the same installation.
    pub ctest: PathBuf,
    /// Arguments that choose the generator.
    pub generator: Vec<String>,
}

impl Tools {
    /// Takes CMake and Ninja or make from the PATH; what is missing there comes from PyPI.
    ///
    /// # Errors
    /// When they are neither there nor can be had: how to get them.
    pub fn find(place: &Place) -> Result<Self, String> {
        let folder = place.work.join("tools");
        if !shell::works("cmake") && !installed(&folder, "cmake") {
            println!("cmake is not on the PATH; installing it from PyPI into {}", folder.display());
            pip(place, &folder, &["cmake", "ninja"]).map_err(|error| {
                format!(
                    "cmake is missing and PyPI did not give it; on Debian: \
                     apt-get install cmake ninja-build\n{error}"
                )
            })?;
        }
        let private = |name: &str| program(&folder, name);
        let (cmake, ctest) = if shell::works("cmake") {
            ("cmake".into(), "ctest".into())
        } else {
            (private("cmake"), private("ctest"))
        };
        let generator = if shell::works("ninja") {
            vec!["-GNinja".to_owned()]
        } else if installed(&folder, "ninja") {
            let ninja = private("ninja");
            vec!["-GNinja".to_owned(), format!("-DCMAKE_MAKE_PROGRAM={}", ninja.display())]
        } else {
            Vec::new()
        };
        Ok(Self { cmake, ctest, generator })
    }

    /// The oldest CMake that is supported, from PyPI.
    ///
    /// # Errors
    /// When PyPI cannot be reached.
    pub fn oldest(place: &Place) -> Result<Self, String> {
        let folder = place.work.join("tools-oldest");
        if !installed(&folder, "cmake") {
            pip(place, &folder, &[&format!("cmake=={OLDEST_CMAKE}")])?;
        }
        let generator = Self::find(place)?.generator;
        Ok(Self { cmake: program(&folder, "cmake"), ctest: program(&folder, "ctest"), generator })
    }
}

/// Whether the program in that private folder runs.
fn installed(folder: &Path, name: &str) -> bool {
    shell::works(&program(folder, name).to_string_lossy())
}

fn program(folder: &Path, name: &str) -> PathBuf {
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    folder.join(scripts).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Makes a private Python environment and installs the packages into it.
fn pip(place: &Place, folder: &Path, packages: &[&str]) -> Result<(), String> {
    let python = ["python3", "python"]
        .into_iter()
        .find(|name| shell::works(name))
        .ok_or("there is no Python to install it with")?;
    shell::fresh_folder(folder)?;
    // Some distributions ship `venv` without the part that puts pip into it; theirs is used then.
    let made = shell::capture(shell::command(python, &place.root).args(["-m", "venv"]).arg(folder));
    let (pip, options) = match made {
        Ok(_) => (program(folder, "python"), vec![]),
        Err(_) => (python.into(), vec!["--prefix".into(), folder.as_os_str().to_owned()]),
    };
    shell::capture(
        shell::command(pip, &place.root)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(options)
            .args(packages),
    )
    .map(drop)
}
