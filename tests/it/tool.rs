//! The program itself, run as a user runs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The standard output, where the run ended well.
    pub(crate) fn ok(self) -> Result<String, String> {
        if self.code == 0 { Ok(self.stdout) } else { Err(format!("exit code {}\n{}{}", self.code, self.stdout, self.stderr)) }
    }
}

/// Runs the program in a folder.
///
/// # Errors
/// It doesn't start, or it panics or is killed: no input may do that.
pub(crate) fn run<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Result<Ran, String> {
    run_with(folder, arguments, &[])
}

/// The same with variables in its environment, which has none of libpq's otherwise.
pub(crate) fn run_with<S: AsRef<OsStr>>(folder: &Path, arguments: &[S], variables: &[(&str, &str)]) -> Result<Ran, String> {
    let output = command(folder).args(arguments).envs(variables.iter().copied()).output().map_err(|e| format!("pgx-goose: {e}"))?;
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    if ran.code == -1 || ran.code == 101 || ran.stderr.contains("panicked at") {
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.as_ref().to_string_lossy()).collect();
        return Err(format!("`pgx-goose {}` panicked or was killed:\n{}", arguments.join(" "), ran.stderr));
    }
    Ok(ran)
}

/// The program in a folder, without arguments yet.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgx-goose"));
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        if !name.to_string_lossy().starts_with("PGX_GOOSE") {
            command.env_remove(name);
        }
    }
    command
}

/// An empty folder of this test's own below `target`, kept afterwards for a look at it.
pub(crate) fn workplace(topic: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(topic.replace(['/', ':'], "_")).join(number.to_string());
    // What an earlier run left is in the way.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests can be written");
    folder
}
