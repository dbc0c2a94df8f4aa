//! `--watch`: the same run again whenever what it reads has changed.
//!
//! What is watched is the folders that hold the source, the config file and the templates: editors put new files in the place of old
//! ones, and a watch on a file would stay with the old one. Whether a change matters is told from what would be read, not from the
//! event, so a run's own output starts no other run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher};
use pgx_goose::capture::live::connection::is_connection_string;
use pgx_goose::codegen::incremental::hash;
use pgx_goose::fs::{self, FileKind};

use super::error::{Exit, Failure};
use super::report::Report;

/// How long nothing must happen before a run begins: editors, formatters and git write in several steps.
const QUIET: Duration = Duration::from_millis(120);

/// What a run reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Files, and folders with all that is below them.
    pub(crate) paths: BTreeSet<PathBuf>,
}

/// Refuses sources that nothing tells of.
pub(crate) fn check(source: &str) -> Result<(), Failure> {
    let what = match source {
        "-" => "standard input",
        _ if source.starts_with("git:") => "a git revision, which never changes,",
        _ if is_connection_string(source) => "a database",
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("`--watch` can't watch {what}")).hint("watch a DDL file, a folder or a snapshot"))
}

/// Runs now and after every change, until the program is ended. `reads` tells what a run would read, and `run` makes it; what goes wrong in it is told by
/// it, and waited to be put right.
pub(crate) fn watch(reads: impl Fn() -> Watched, run: impl Fn(), report: &Report) -> Result<Exit, Failure> {
    let failed = |error: notify::Error| Failure::environment(format!("can't watch for changes: {error}"));
    let (sender, events) = channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        // The other side is gone only when the program ends.
        let _ = sender.send(event);
    })
    .map_err(failed)?;
    let mut folders: BTreeSet<(PathBuf, bool)> = BTreeSet::new();
    loop {
        let watched = reads();
        let wanted = folders_of(&watched)?;
        for (folder, _) in folders.difference(&wanted) {
            // It may be gone.
            let _ = watcher.unwatch(folder);
        }
        for (folder, below) in wanted.difference(&folders) {
            let mode = if *below { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            watcher.watch(folder, mode).map_err(failed)?;
        }
        folders = wanted;
        // Before the run: what changes while it reads makes another run.
        let before = content(&watched);
        run();
        let names: Vec<String> = watched.paths.iter().map(|it| format!("`{}`", it.display())).collect();
        report.summary(&format!("watching {}; Ctrl-C ends it", names.join(", ")));
        while content(&watched) == before {
            wait(&events)?;
        }
    }
}

/// Waits for a change, and until nothing has changed for a moment.
fn wait(events: &Receiver<notify::Result<notify::Event>>) -> Result<(), Failure> {
    let matters = |event: &notify::Result<notify::Event>| {
        // Reading is an event too.
        event.as_ref().map_or(true, |it| matches!(it.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)))
    };
    let ended = || Failure::environment("can't watch for changes any more".to_owned());
    while !matters(&events.recv().map_err(|_| ended())?) {}
    let mut last = Instant::now();
    loop {
        // Whoever only reads here (a language server, a tail of a log) does not put the run off.
        match events.recv_timeout(QUIET.saturating_sub(last.elapsed())) {
            Ok(event) if matters(&event) => last = Instant::now(),
            Ok(_) if last.elapsed() < QUIET => {}
            Ok(_) | Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(ended()),
        }
    }
}

/// The folders to watch, and whether with all below.
fn folders_of(watched: &Watched) -> Result<BTreeSet<(PathBuf, bool)>, Failure> {
    let mut folders = BTreeSet::new();
    for path in &watched.paths {
        if fs::kind(path)? == Some(FileKind::Folder) {
            folders.insert((path.clone(), true));
            continue;
        }
        // The nearest folder that is there: what is missing may come.
        let above = path.ancestors().skip(1).map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
        for folder in above {
            if fs::kind(folder)? == Some(FileKind::Folder) {
                folders.insert((folder.to_owned(), false));
                break;
            }
        }
    }
    // A folder that is watched with all below needs no second watch.
    let deep: Vec<PathBuf> = folders.iter().filter(|(_, below)| *below).map(|(folder, _)| folder.clone()).collect();
    folders.retain(|(folder, below)| *below || !deep.contains(folder));
    Ok(folders)
}

/// What would be read, as a hash.
fn content(watched: &Watched) -> String {
    let mut parts = Vec::new();
    for path in &watched.paths {
        collect(path, &mut parts, 0);
    }
    hash(parts.join("\0").as_bytes())
}

fn collect(path: &Path, parts: &mut Vec<String>, depth: usize) {
    let name = path.display().to_string();
    match fs::kind(path) {
        Ok(Some(FileKind::Folder)) if depth < 16 => {
            for entry in fs::read_dir_sorted(path).unwrap_or_default() {
                // Git's and editors' own.
                if !entry.name.to_string_lossy().starts_with('.') {
                    collect(&entry.path, parts, depth + 1);
                }
            }
        }
        Ok(Some(FileKind::File)) => parts.push(format!("{name} {}", hash(&fs::read(path).unwrap_or_default()))),
        _ => parts.push(name),
    }
}
