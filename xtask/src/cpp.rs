//! The tests of the C++ headers, built with GoogleTest against the installed package.

use std::path::Path;

use crate::install::{self, Package};
use crate::place::Place;
use crate::report::Report;
use crate::{shell, suite};

/// One way in which all of them are built.
struct Form {
    name: &'static str,
    compiler: &'static str,
    standard: &'static str,
    sanitize: &'static str,
}

const WARNED_AND_MEASURED: Form =
    Form { name: "g++ -std=c++17", compiler: "g++", standard: "17", sanitize: "" };
const SANITIZED: Form = Form {
    name: "clang++ -std=c++20 with sanitizers",
    compiler: "clang++",
    standard: "20",
    sanitize: "address,undefined",
};
/// Where there is no clang.
const SANITIZED_BY_GCC: Form =
    Form { name: "g++ -std=c++20 with sanitizers", compiler: "g++", ..SANITIZED };

/// Builds and runs them: as one compiler does it, with all warnings and the benchmark; and as the
/// other one does, under its sanitizers.
pub fn run(report: &mut Report, place: &Place, package: &Package) {
    if !shell::works("g++") || !has_googletest(place) {
        report.skip("tests/cpp", "apt-get install g++ libgtest-dev");
        return;
    }
    let sanitized = if shell::works("clang++") && can_sanitize(place) {
        SANITIZED
    } else {
        report.skip(SANITIZED.name, "apt-get install clang; g++ takes its place");
        SANITIZED_BY_GCC
    };
    for form in [WARNED_AND_MEASURED, sanitized] {
        match build_and_run(place, package, &form) {
            Ok((passed, failed, success)) => {
                report.count(&format!("tests/cpp, {}", form.name), passed, failed, success);
            }
            Err(error) => {
                report.check(&format!("tests/cpp, {}", form.name), Err(error));
            }
        }
    }
}

fn build_and_run(
    place: &Place,
    package: &Package,
    form: &Form,
) -> Result<(usize, usize, bool), String> {
    let sanitize = if form.sanitize.is_empty() { "plain" } else { "sanitized" };
    let build = place.work.join(format!("tests-cpp-{}-{sanitize}", form.compiler));
    let options = [
        format!("-DCMAKE_PREFIX_PATH={}", package.prefix.display()),
        "-DCMAKE_BUILD_TYPE=None".to_owned(),
        format!("-DCMAKE_CXX_COMPILER={}", form.compiler),
        format!("-DCMAKE_CXX_STANDARD={}", form.standard),
        format!("-DGOSSIP_TESTS_SANITIZE={}", form.sanitize),
    ];
    install::configure(&package.tools, &place.root.join("tests/cpp"), &build, &options)?;
    shell::capture(&mut install::compile(&package.tools, &build))?;
    suite::ctest(package, &build)
}

fn has_googletest(place: &Place) -> bool {
    compiles(place, "g++", "#include <gtest/gtest.h>\n", &["-fsyntax-only"])
}

/// Some distributions ship clang without the libraries of its sanitizers.
fn can_sanitize(place: &Place) -> bool {
    let program = place.work.join("sanitized");
    let program = program.to_string_lossy();
    let options = ["-fsanitize=address,undefined", "-o", &program];
    compiles(place, "clang++", "int main() { return 0; }\n", &options)
}

fn compiles(place: &Place, compiler: &str, text: &str, options: &[&str]) -> bool {
    let source: &Path = &place.work.join("attempt.cpp");
    let mut command = shell::command(compiler, &place.work);
    command.arg("-std=c++17").args(options).arg(source);
    std::fs::write(source, text).is_ok() && shell::capture(&mut command).is_ok()
}
