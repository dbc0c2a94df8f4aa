//! The config file that `init` writes: every key that works, with what it means, commented out unless there is something to say.

use super::keys::{KEYS, Key, Standing};

/// What `init` found about the project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    /// A source of the schema.
    pub(crate) source: Option<String>,
    /// The module of go.mod.
    pub(crate) module: Option<String>,
}

/// The text of a config file for a project. `# ` begins prose; `#` alone stands before a line that takes effect without it.
pub(crate) fn starter(finding: &Finding) -> String {
    let mut text = String::from(
        "# How pgx-goose makes Go code from a PostgreSQL schema.\n# `pgx-goose schema config` prints a JSON Schema of this file.\n",
    );
    let mut open_group = "";
    for key in KEYS.iter().filter(|it| it.standing == Standing::Works && !it.doc.starts_with("Accepted;") && !is_later(it)) {
        let (group, name) = key.path.split_once('.').unwrap_or(("", key.path));
        if group != open_group || group.is_empty() {
            text.push('\n');
        }
        if group != open_group {
            open_group = group;
            if !group.is_empty() {
                text.push_str(&format!("#{group}:\n"));
            }
        }
        let indent = if group.is_empty() { "" } else { "  " };
        text.push_str(&format!("{indent}# {}\n", key.doc));
        let value = match key.path {
            "module" => quoted(finding.module.as_deref().unwrap_or("example.com/your/module")),
            _ if key.default.is_empty() => "…".to_owned(),
            _ => shown(key),
        };
        text.push_str(&match key.path {
            // The one key that there is something to say of.
            "source" => format!("source: {}\n", quoted(finding.source.as_deref().unwrap_or("schema.sql"))),
            _ => format!("#{indent}{name}: {value}\n"),
        });
    }
    text
}

/// Keys of commands that this version doesn't have: they are accepted, and nothing to begin with.
fn is_later(key: &Key) -> bool {
    let groups = ["review."];
    groups.iter().any(|it| key.path.starts_with(it))
}

fn shown(key: &Key) -> String {
    if key.default.starts_with('{') && key.default != "{}" { quoted(key.default) } else { key.default.to_owned() }
}

/// Text as YAML has it, in quotes where it could be taken for something else.
fn quoted(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || matches!(it, '/' | '.' | '_' | '-');
    let safe = text.starts_with(|it: char| it.is_alphabetic() || it == '/' || it == '.') && text.chars().all(plain);
    if safe { text.to_owned() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn the_file_is_valid_as_written_and_with_all_comments_taken_away() {
        let finding = Finding { source: Some("db/my migrations".to_owned()), module: Some("example.com/shop".to_owned()) };
        let text = starter(&finding);
        let config = Config::parse("c.yaml", text.clone()).unwrap();
        assert_eq!(config.text("source"), Some("db/my migrations"));
        let uncomment = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        let uncommented: String = text.lines().filter(|it| !it.ends_with('…')).map(uncomment).collect();
        let config = Config::parse("c.yaml", uncommented.clone()).unwrap_or_else(|it| panic!("{it:?}\n{uncommented}"));
        assert_eq!(config.text("output_dirs.models"), Some("{base}/models"));
    }
}
