//! What stands above the statements of a file: what changes, what is lost, what is made anew and why, what was left out.

use std::collections::BTreeSet;

use super::{Migration, Part};
use crate::plan::{Action, Step};

/// More lines of changes than this nobody reads above a file that has them all below.
const MANY: usize = 40;

/// What is said of a file besides what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) migration: &'a Migration,
    /// Which part it is, from 0, of how many.
    pub(super) at: usize,
    pub(super) count: usize,
    /// The schemas as the user named them.
    pub(super) from: &'a str,
    pub(super) to: &'a str,
}

/// The lines of the comment above a file, without the two dashes.
pub(super) fn lines(part: &Part, about: &About<'_>) -> Vec<String> {
    let About { migration, at, count, from, to } = *about;
    let mut lines = vec![format!("From {} to {}, written by pgx-goose.", plain(from), plain(to))];
    if count > 1 {
        lines.push(format!("Part {} of {count}.", at + 1));
    }
    let changes = changes(&part.up);
    if changes.is_empty() {
        lines.push(
            "Nothing on the way up: this file is for the way down, where its statements can't stand together with others.".to_owned(),
        );
    } else {
        lines.push(String::new());
    }
    lines.extend(changes.iter().take(MANY).cloned());
    if changes.len() > MANY {
        lines.push(format!("and {} more", changes.len() - MANY));
    }
    for (way, steps) in [("", part.up.iter().collect::<Vec<_>>()), (" on the way down", down(part).collect())] {
        let lost: Vec<String> = losses(steps.into_iter());
        if !lost.is_empty() {
            lines.extend([String::new(), format!("Data is lost{way}:")]);
            lines.extend(lost.into_iter().map(|it| format!("  {it}")));
        }
    }
    let risks: BTreeSet<String> = part.up.iter().filter_map(|it| it.risks.as_deref().map(plain)).collect();
    if !risks.is_empty() {
        lines.extend([String::new(), "Fails where:".to_owned()]);
        lines.extend(risks.into_iter().map(|it| format!("  {it}")));
    }
    if at + 1 == count && !migration.left_out.is_empty() {
        lines.extend([String::new(), "Left out, since drops are not included (`--include-drops`):".to_owned()]);
        for step in &migration.left_out {
            let sql = step.sql.split_whitespace().collect::<Vec<_>>().join(" ");
            let loses = step.loses.as_ref().map(|it| format!("    -- loses {}", plain(it))).unwrap_or_default();
            lines.push(format!("  {}{loses}", plain(&sql)));
        }
    }
    lines
}

/// All statements of a part's way down.
pub(super) fn down(part: &Part) -> impl Iterator<Item = &Step> {
    part.down.iter().flat_map(|it| &it.steps)
}

/// A line for each object that changes, in the order in which they do.
fn changes(steps: &[Step]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for step in steps.iter().filter(|it| !is_setting(it)) {
        let word = match step.action {
            Action::Create => "create",
            Action::Alter => "alter",
            Action::Drop => "drop",
            Action::Recreate => "make anew",
        };
        let why = step.why.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
        let line = plain(&format!("{word} {}{why}", step.about));
        // What was made is not worth another line for what is said of it then.
        if !seen.contains(&("create", &step.about)) && seen.insert((word, &step.about)) {
            lines.push(line);
        }
    }
    lines
}

/// Whether a step only sets how those after it are run.
pub(super) fn is_setting(step: &Step) -> bool {
    step.sql.starts_with("SET ")
}

fn losses<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<String> {
    let mut lost = Vec::new();
    for line in steps.filter_map(|it| it.loses.as_ref().map(|loses| plain(loses))) {
        if !lost.contains(&line) {
            lost.push(line);
        }
    }
    lost
}

/// Text that stays within its line, and tells no migration tool anything.
fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect::<String>().replace("+goose", "+ goose")
}

/// The lines as a comment of SQL.
pub(super) fn comment(lines: &[String]) -> String {
    lines.iter().map(|it| if it.is_empty() { "--\n".to_owned() } else { format!("-- {it}\n") }).collect()
}

/// The SQL of steps.
pub(super) fn statements(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|it| it.sql.clone()).collect()
}

/// Statements one after the other: those of one line close together, others apart.
pub(super) fn joined(statements: &[String]) -> String {
    let mut text = String::new();
    for (at, statement) in statements.iter().enumerate() {
        let lines = |it: &String| it.trim_end().contains('\n');
        if at > 0 && (lines(statement) || lines(&statements[at - 1])) {
            text.push('\n');
        }
        text.push_str(statement.trim_end());
        text.push('\n');
    }
    text
}
