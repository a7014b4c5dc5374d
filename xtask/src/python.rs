//! The Python package: its wheel, its tests, and the examples of a foreign function interface over
//! the installed C library.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::install::Package;
use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::suite::jobs;

/// The folder of the package, and that of the module over the C library by ctypes.
const PACKAGE: &str = "bindings/python";
const CTYPES: &str = "bindings/python-ctypes";
/// What `bench.py` may take of its bounds, on a machine that does other things too and without the
/// long optimisation.
const SLOWNESS: &str = "4";
/// The release of koffi that the example for Node was written for.
const KOFFI: &str = "koffi@3.3.4";

/// Builds the wheel, installs it into an environment where there is nothing else, and runs the tests.
pub fn run(report: &mut Report, place: &Place, package: &Package) {
    if !cfg!(target_os = "linux") || !shell::works("python3") {
        report.skip("python", "it takes python3, and the tests look into /proc");
        return;
    }
    let work = place.work.join("python");
    let Some(tools) = report.take("python: a private environment", Environment::make(place, work))
    else {
        return;
    };
    // The rest of what the tests need comes while the wheel is built.
    let installing = tools.start_to_install(place);
    let wheel = tools.wheel(place);
    let installed = installing.and_then(|child| wait(child, "pip install"));
    let ready = report.check("python: what the tests need is installed", installed);
    let Some(wheel) = report.take("python: the wheel is built", wheel) else { return };
    report.check("python: the wheel works where there is nothing else", tools.alone(place, &wheel));
    if ready && report.check("python: the wheel is installed", tools.install(place, &wheel)) {
        tools.tests(report, place, package);
        let mut bench = tools.python(place);
        bench.arg(place.root.join(PACKAGE).join("bench.py")).args(["--check", SLOWNESS]);
        report.check("python: bench.py", shell::show(&mut bench));
    }
    koffi(report, place, package);
}

/// A private Python environment.
struct Environment {
    work: PathBuf,
    python: PathBuf,
}

impl Environment {
    /// Makes it, with what builds the wheel.
    fn make(place: &Place, work: PathBuf) -> Result<Self, String> {
        let folder = work.join("environment");
        let python = folder.join("bin/python");
        if !shell::works(&python.to_string_lossy()) {
            shell::fresh_folder(&folder)?;
            let mut venv = shell::command("python3", &place.root);
            shell::capture(venv.args(["-m", "venv"]).arg(&folder))
                .map_err(|error| format!("on Debian: apt-get install python3-venv\n{error}"))?;
        }
        let made = Self { work, python };
        let maturin = made.requirements(place)?;
        let maturin = maturin.lines().find(|line| line.starts_with("maturin=="));
        shell::capture(made.pip(place, "install").arg(maturin.ok_or("maturin is not required")?))?;
        Ok(made)
    }

    fn requirements(&self, place: &Place) -> Result<String, String> {
        shell::read(&place.root.join(PACKAGE).join("requirements-test.txt"))
    }

    fn python(&self, place: &Place) -> Command {
        shell::command(&self.python, &place.root)
    }

    fn pip(&self, place: &Place, verb: &str) -> Command {
        let mut pip = self.python(place);
        pip.args(["-m", "pip", verb, "--quiet", "--disable-pip-version-check"]);
        pip
    }

    fn start_to_install(&self, place: &Place) -> Result<Child, String> {
        let mut pip = self.pip(place, "install");
        pip.arg("-r").arg(place.root.join(PACKAGE).join("requirements-test.txt"));
        pip.stdout(Stdio::null()).spawn().map_err(|error| format!("pip install: {error}"))
    }

    /// Builds the wheel, in the quick way.
    fn wheel(&self, place: &Place) -> Result<PathBuf, String> {
        let wheels = shell::fresh_folder(&self.work.join("wheels"))?;
        let mut maturin = self.python(place);
        // The package is no part of the workspace, and neither is what is built of it.
        maturin.env("CARGO_TARGET_DIR", place.target.join("python"));
        maturin.args(["-m", "maturin", "build", "--quiet", "--locked", "--profile", "quick"]);
        maturin.args(["--compatibility", "linux", "--manifest-path"]);
        maturin.arg(place.root.join(PACKAGE).join("Cargo.toml")).arg("--out").arg(&wheels);
        shell::capture(&mut maturin)?;
        let entries = std::fs::read_dir(&wheels).map_err(|error| error.to_string())?;
        let mut paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let wheel = paths.next().ok_or("maturin made no wheel")?;
        let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.contains("-cp39-abi3-") {
            Ok(wheel)
        } else {
            Err(format!("{name} is not for every Python from 3.9 on"))
        }
    }

    fn install(&self, place: &Place, wheel: &Path) -> Result<(), String> {
        let mut pip = self.pip(place, "install");
        shell::capture(pip.args(["--no-deps", "--force-reinstall"]).arg(wheel)).map(drop)
    }

    /// Installs the wheel into a fresh environment, without pip there, and imports it.
    fn alone(&self, place: &Place, wheel: &Path) -> Result<(), String> {
        let folder = shell::fresh_folder(&self.work.join("alone"))?;
        let mut venv = self.python(place);
        shell::capture(venv.args(["-m", "venv", "--without-pip"]).arg(&folder))?;
        let python = folder.join("bin/python");
        let mut pip = self.python(place);
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "--python"]);
        shell::capture(pip.arg(&python).args(["install", "--no-index"]).arg(wheel))?;
        const PROGRAM: &str = "import gossip, libgossip\n\
                               with libgossip.Node('127.0.0.1') as node: print(node.port)\n\
                               assert gossip is libgossip";
        let mut python = shell::command(&python, &self.work);
        shell::capture(python.args(["-W", "error", "-I", "-c", PROGRAM])).map(drop)
    }

    /// Runs the tests of the package and of the module over ctypes.
    fn tests(&self, report: &mut Report, place: &Place, package: &Package) {
        for folder in [PACKAGE, CTYPES] {
            let mut pytest = shell::command(&self.python, &place.root.join(folder));
            pytest.env("GOSSIP_LIBRARY", package.lib()).env("PYTHONDONTWRITEBYTECODE", "1");
            pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
            if folder == PACKAGE {
                pytest.arg("-n").arg(jobs().to_string());
            }
            let counted = shell::follow(&mut pytest).and_then(|(out, success)| {
                let (passed, failed) =
                    count(&out).ok_or_else(|| format!("{folder}: pytest printed no summary"))?;
                Ok((passed, failed, success))
            });
            match counted {
                Ok((passed, failed, success)) => report.count(folder, passed, failed, success),
                Err(error) => {
                    report.check(folder, Err(error));
                }
            }
        }
    }
}

/// Runs the example for Node, where there is one and npm gives the package that it takes.
fn koffi(report: &mut Report, place: &Place, package: &Package) {
    const NAME: &str = "c_examples/ffi/koffi.mjs";
    if !shell::works("node") || !shell::works("npm") {
        report.skip(NAME, "there is no node with npm");
        return;
    }
    let folder = place.work.join("koffi");
    if !folder.join("node_modules/koffi").exists() {
        let installed = shell::fresh_folder(&folder).and_then(|folder| {
            let mut npm = shell::command("npm", &folder);
            shell::capture(npm.args(["install", "--silent", "--no-audit", "--no-fund", KOFFI]))
        });
        if installed.is_err() {
            report.skip(NAME, "npm does not give koffi");
            return;
        }
    }
    let mut node = shell::command("node", &folder);
    node.env("GOSSIP_LIBRARY", package.lib()).arg(place.root.join(NAME));
    report.check(NAME, shell::show(&mut node));
}

fn wait(child: Child, name: &str) -> Result<(), String> {
    let output = child.wait_with_output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}", output.status)) }
}

/// Reads the last line of pytest: `3 failed, 117 passed, 1 skipped in 9.04s`.
fn count(out: &str) -> Option<(usize, usize)> {
    let line = out.lines().rev().find(|line| line.contains(" in ") && line.ends_with('s'))?;
    let number = |word: &str| {
        let part = line.split(", ").find(|part| part.trim_start().contains(word))?;
        part.split_whitespace().find_map(|word| word.parse::<usize>().ok())
    };
    let failed = number(" failed").unwrap_or(0) + number(" error").unwrap_or(0);
    let passed = number(" passed").unwrap_or(0);
    (passed + failed > 0).then_some((passed, failed))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn reads_what_pytest_says() {
        assert_eq!(count(".....\n118 passed in 32.20s\n"), Some((118, 0)));
        let line = "FAILED a - in\n4 failed, 41 passed, 1 skipped, 2 errors in 27.62s\n";
        assert_eq!(count(line), Some((41, 6)));
        assert_eq!(count("1 error in 0.15s"), Some((0, 1)));
        assert_eq!(count("no tests ran in 0.01s"), None);
        assert_eq!(count("ImportError"), None);
    }
}
