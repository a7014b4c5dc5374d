//! Running other programs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command that runs in `folder`.
pub fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// The cargo that runs this program, or the one on the PATH.
pub fn cargo(folder: &Path) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), folder);
    // cargo puts its own settings for this program into the environment. A cargo that finds them
    // there thinks that flags have changed since the last build, and compiles again.
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Runs it in silence and returns what it wrote to standard output.
///
/// # Errors
/// When it cannot be started or does not end with 0: the command and the end of what it wrote.
pub fn capture(command: &mut Command) -> Result<String, String> {
    let text = describe(command);
    let output = command.output().map_err(|error| format!("{text}: {error}"))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{text}: {}\n{}{}", output.status, tail(&out, 40), tail(&error, 40)))
}

/// Runs it, shows its standard output line by line, and returns that with whether it ended with 0.
///
/// # Errors
/// When it cannot be started.
pub fn follow(command: &mut Command) -> Result<(String, bool), String> {
    let text = describe(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{text}: {error}"))?;
    let mut all = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|error| format!("{text}: {error}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            all.push_str(&line);
            all.push('\n');
        }
    }
    let status = child.wait().map_err(|error| format!("{text}: {error}"))?;
    Ok((all, status.success()))
}

/// Runs it with its output shown.
///
/// # Errors
/// When it cannot be started or does not end with 0.
pub fn show(command: &mut Command) -> Result<(), String> {
    let text = describe(command);
    let status = command.status().map_err(|error| format!("{text}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{text}: {status}")) }
}

/// Lets this thread, and what it starts, have only what others leave of the processors.
pub fn give_way() {
    // In Linux a thread has a number like that of a process, and a priority of its own.
    let thread = std::fs::read_link("/proc/thread-self");
    if let Some(number) = thread.as_deref().ok().and_then(Path::file_name) {
        // Without it the tests are slower and no worse.
        let _ = capture(command("renice", Path::new("/")).args(["-n", "19", "-p"]).arg(number));
    }
}

/// Whether a program of that name is on the PATH and can say its version.
pub fn works(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Removes a folder with all in it, and makes it anew.
///
/// # Errors
/// When the file system refuses.
pub fn fresh_folder(path: &Path) -> Result<PathBuf, String> {
    if path.exists() {
        std::fs::remove_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path.to_path_buf())
}

/// Reads a text file.
///
/// # Errors
/// When it cannot be read; the text names the file.
pub fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let mut end = all[all.len().saturating_sub(lines)..].join("\n");
    if !end.is_empty() {
        end.push('\n');
    }
    end
}
