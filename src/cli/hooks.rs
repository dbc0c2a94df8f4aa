//! Commands of the user's that run before a generation, after it, and after one that failed.
//!
//! A command is run as it is written, word by word, without a shell: nothing in it is expanded, so nothing in a file name or a variable can become
//! another command. What only a shell understands is an error, unless `hooks.shell` asks for one. A command's output
//! goes to standard error, since standard output is for data.

use std::process::{Command, Stdio};

use super::config::Config;
use super::error::{Exit, Failure};
use super::report::{Report, redacted};

/// When commands run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the schema is read.
    Before,
    /// After the last file is in its place.
    After,
    /// After a run that failed, these commands among its causes.
    Failed,
}

impl Moment {
    const ALL: [Self; 3] = [Self::Before, Self::After, Self::Failed];

    fn key(self) -> &'static str {
        match self {
            Self::Before => "hooks.pre_generation",
            Self::After => "hooks.post_generation",
            Self::Failed => "hooks.on_error",
        }
    }
}

/// Checks all commands before the first of them runs.
pub(crate) fn check(config: &Config) -> Result<(), Failure> {
    if uses_shell(config) {
        return Ok(());
    }
    let mut errors = Vec::new();
    for moment in Moment::ALL {
        for command in config.texts(moment.key()).unwrap_or_default() {
            if let Err(reason) = words(&command) {
                let error = config.error_at(
                    moment.key(),
                    format!("`{}` in `{}` can't be run without a shell: {reason}", redacted(&command), moment.key()),
                );
                errors.push(error.hint("put it into quotes, or say `shell: true` in `hooks`"));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::found(Exit::Usage, errors)) }
}

/// Runs the commands of a moment, one after the other; the first that fails ends it.
pub(crate) fn run(config: &Config, moment: Moment, report: &Report) -> Result<(), Failure> {
    for text in config.texts(moment.key()).unwrap_or_default() {
        report.info(|| format!("Running `{}` of `{}`", redacted(&text), moment.key()));
        let mut command = match uses_shell(config) {
            true if cfg!(windows) => with(Command::new("cmd"), &["/C".to_owned(), text.clone()]),
            true => with(Command::new("sh"), &["-c".to_owned(), text.clone()]),
            false => match words(&text).unwrap_or_default().split_first() {
                Some((program, arguments)) => with(Command::new(program), arguments),
                None => continue,
            },
        };
        let status = command.stdin(Stdio::null()).stdout(std::io::stderr()).status();
        let what = format!("the command `{}` of `{}`", redacted(&text), moment.key());
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(Failure::environment(format!("{what} failed: {status}"))),
            Err(error) => return Err(Failure::environment(format!("{what} can't be run: {error}"))),
        }
    }
    Ok(())
}

fn uses_shell(config: &Config) -> bool {
    config.boolean("hooks.shell") == Some(true)
}

fn with(mut command: Command, arguments: &[String]) -> Command {
    command.args(arguments);
    command
}

/// Splits a command into words, as a shell does it with quotes and backslashes.
///
/// # Errors
/// What only a shell understands: an operator, an expansion, an open quote.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(letter) => word.push(letter),
                        None => return Err("a quote is not closed".to_owned()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => match letters.next() {
                            Some(letter @ ('"' | '\\' | '$' | '`')) => word.push(letter),
                            Some(letter) => word.extend(['\\', letter]),
                            None => return Err("a quote is not closed".to_owned()),
                        },
                        Some(letter @ ('$' | '`')) => return Err(format!("`{letter}` is an expansion")),
                        Some(letter) => word.push(letter),
                        None => return Err("a quote is not closed".to_owned()),
                    }
                }
            }
            // A path of Windows has them, and no shell to escape for.
            '\\' if cfg!(windows) => word.get_or_insert_default().push('\\'),
            '\\' => word.get_or_insert_default().extend(letters.next()),
            '|' | '&' | ';' | '<' | '>' | '(' | ')' => return Err(format!("`{letter}` is an operator")),
            '$' | '`' | '*' | '?' | '[' => return Err(format!("`{letter}` is an expansion")),
            '~' | '#' if word.is_none() => return Err(format!("`{letter}` at the beginning of a word means something to a shell")),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_into_words() {
        let check = |command: &str, expected: &[&str]| assert_eq!(words(command).unwrap(), expected, "{command}");
        check("go mod tidy", &["go", "mod", "tidy"]);
        check("  sh -c 'a | b && c > \"$d\"' ", &["sh", "-c", "a | b && c > \"$d\""]);
        check(r#"echo "it's \"so\"" a\ b '' x=~"#, &["echo", "it's \"so\"", "a b", "", "x=~"]);
        check("", &[]);
    }

    #[test]
    fn what_a_shell_would_do_is_refused() {
        let check = |command: &str, expected: &str| assert_eq!(words(command).unwrap_err(), expected, "{command}");
        check("go fmt ./... && go vet ./...", "`&` is an operator");
        check("rm gen/*.go", "`*` is an expansion");
        check("echo \"$HOME\"", "`$` is an expansion");
        check("ls ~/x", "`~` at the beginning of a word means something to a shell");
        check("echo 'a", "a quote is not closed");
    }
}
