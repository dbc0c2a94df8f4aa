//! How the program talks: everything here goes to standard error, since standard output is for data.
//!
//! On a terminal it has colour (unless NO_COLOR is set) and progress bars, elsewhere it has neither; with
//! `--log-format json` each message is one JSON object a line. It must not know what the messages are about.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use indicatif::{ProgressBar, ProgressStyle};
use pgx_goose::diagnostic::{Diagnostic, Severity, Span};
use pgx_goose::fs::Log;

use super::error::Failure;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors.
    Quiet,
    /// And warnings, and a summary.
    Normal,
    /// And what is being done.
    Verbose,
    /// And why.
    Debug,
}

/// How it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How many findings of one severity people are shown: a first mistake often makes all that follow wrong too.
const MANY: usize = 20;

/// Where messages go. Shared by all workers.
#[derive(Debug)]
pub(crate) struct Report {
    verbosity: Verbosity,
    format: LogFormat,
    warnings: AtomicUsize,
    /// Where messages go instead of standard error.
    output: Option<Output>,
}

/// Another place for messages than standard error.
#[derive(Debug)]
enum Output {
    Stdout,
    File(Log),
}

impl Report {
    pub(crate) fn new(verbosity: Verbosity, format: LogFormat) -> Self {
        Self { verbosity, format, warnings: AtomicUsize::new(0), output: None }
    }

    /// Sends messages elsewhere: `stderr`, `stdout` or a file, which they are added to. One that can't be written to is told, and standard error takes its place.
    pub(crate) fn to(mut self, output: Option<&str>) -> Self {
        match output {
            None | Some("stderr") => {}
            Some("stdout") => self.output = Some(Output::Stdout),
            Some(path) => match Log::open(path) {
                Ok(log) => self.output = Some(Output::File(log)),
                Err(error) => {
                    let finding = Diagnostic::warning(format!("{error}: {}; messages go to standard error", error.source));
                    self.diagnostic(&finding.hint("`logging.output` takes `stderr`, `stdout` or a file"));
                }
            },
        }
        self
    }

    /// Writes a line. Nobody can be told that its place is gone.
    fn line(&self, text: &str) {
        let text = text.trim_end();
        match &self.output {
            None => drop(writeln!(anstream::stderr().lock(), "{text}")),
            Some(Output::Stdout) => drop(writeln!(anstream::stdout().lock(), "{text}")),
            Some(Output::File(log)) => drop(log.line(&anstream::adapter::strip_str(text).to_string())),
        }
    }

    /// The same, for work of which only the outcome is told.
    pub(crate) fn silenced(&self) -> Self {
        Self::new(Verbosity::Quiet, self.format)
    }

    /// How many warnings were told.
    pub(crate) fn warnings(&self) -> usize {
        self.warnings.load(Ordering::Relaxed)
    }

    /// Tells a finding.
    pub(crate) fn diagnostic(&self, diagnostic: &Diagnostic) {
        let needed = match diagnostic.severity {
            Severity::Error => Verbosity::Quiet,
            Severity::Warning => {
                self.warnings.fetch_add(1, Ordering::Relaxed);
                Verbosity::Normal
            }
            Severity::Note => Verbosity::Verbose,
        };
        if self.verbosity < needed {
            return;
        }
        match self.format {
            LogFormat::Text => self.line(&render(diagnostic)),
            LogFormat::Json => self.line(&json(diagnostic)),
        }
    }

    /// Tells findings: to people the first of many, errors before all else; to programs, and with `--verbose`, all.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        if self.format == LogFormat::Json || self.verbosity > Verbosity::Normal {
            return diagnostics.iter().for_each(|it| self.diagnostic(it));
        }
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let of_it: Vec<_> = diagnostics.iter().filter(|it| it.severity == severity).collect();
            let (first, rest) = of_it.split_at(of_it.len().min(MANY));
            first.iter().for_each(|it| self.diagnostic(it));
            if !rest.is_empty() {
                if severity == Severity::Warning {
                    self.warnings.fetch_add(rest.len(), Ordering::Relaxed);
                }
                self.diagnostic(
                    &Diagnostic::new(severity, format!("{} more of these are not shown", rest.len())).hint("`--verbose` shows all"),
                );
            }
        }
    }

    /// Tells why the command failed.
    pub(crate) fn failure(&self, failure: Failure) {
        let (diagnostics, reason) = failure.into_diagnostics();
        self.diagnostics(&diagnostics);
        reason.iter().for_each(|it| self.diagnostic(it));
    }

    /// Tells a step, with `--verbose`.
    pub(crate) fn info(&self, message: impl FnOnce() -> String) {
        self.log(Verbosity::Verbose, "INFO", "info", message);
    }

    /// Tells a detail, with `--debug`.
    pub(crate) fn debug(&self, message: impl FnOnce() -> String) {
        self.log(Verbosity::Debug, "DEBUG", "debug", message);
    }

    /// Tells a line of the summary at the end.
    pub(crate) fn summary(&self, message: &str) {
        if self.verbosity >= Verbosity::Normal {
            match self.format {
                LogFormat::Text => self.line(message),
                LogFormat::Json => self.line(&serde_json::json!({ "level": "info", "message": message }).to_string()),
            }
        }
    }

    fn log(&self, needed: Verbosity, word: &str, level: &str, message: impl FnOnce() -> String) {
        if self.verbosity >= needed {
            match self.format {
                LogFormat::Text => self.line(&format!("{word} {}", printable(&message()))),
                LogFormat::Json => self.line(&serde_json::json!({ "level": level, "message": message() }).to_string()),
            }
        }
    }

    /// A sign of life for work that may be long; shown on a terminal only, and only once it has taken a moment.
    pub(crate) fn spinner(&self, what: &str) -> ProgressBar {
        let wanted = self.verbosity == Verbosity::Normal && self.format == LogFormat::Text && std::io::stderr().is_terminal();
        if !wanted {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(150));
        bar
    }
}

/// A finding as people read it.
fn render(diagnostic: &Diagnostic) -> String {
    let Diagnostic { severity, message, span, subject: _, hint } = diagnostic;
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let renderer = Renderer::styled();
    let message = printable(message);
    let mut text = match span {
        Some(span) => {
            let (start, end) = underlined(span);
            let annotation = AnnotationKind::Primary.span(start..end);
            let snippet = Snippet::source(&span.text).line_start(span.line as usize).path(&span.file).fold(false).annotation(annotation);
            renderer.render(&[level.primary_title(&message).element(snippet)])
        }
        None => renderer.render(&[Group::with_title(level.primary_title(&message))]),
    };
    if let Some(hint) = hint {
        let hint = printable(hint);
        text.push('\n');
        text.push_str(&renderer.render(&[Group::with_title(Level::HELP.with_name(Some("hint")).primary_title(&hint))]));
    }
    text
}

/// The bytes of the line that a place means.
fn underlined(span: &Span) -> (usize, usize) {
    let byte = |character: usize| span.text.char_indices().nth(character).map_or(span.text.len(), |(at, _)| at);
    let first = (span.column as usize).saturating_sub(1);
    (byte(first), byte(first + span.length as usize))
}

/// A finding as programs read it.
fn json(diagnostic: &Diagnostic) -> String {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        level: String,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    }
    let Diagnostic { severity, message, span, subject, hint } = diagnostic;
    let span = span.as_ref();
    let line = Line {
        level: severity.to_string(),
        message,
        file: span.map(|it| it.file.as_str()),
        line: span.map(|it| it.line),
        column: span.map(|it| it.column),
        object: subject.as_ref().map(ToString::to_string),
        hint: hint.as_deref(),
    };
    serde_json::to_string(&line).unwrap_or_else(|_| message.clone())
}

/// Text from files and names without what a terminal could take for a command: control characters, and those that turn
/// the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    let hostile = |it: char| (it.is_control() && it != '\n') || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|it| if hostile(it) { '\u{fffd}' } else { it }).collect()
}

/// The text without the passwords of database URLs and connection strings: what is told of a command line or a config file
/// ends in logs. What only might be a password goes too.
pub(crate) fn redacted(text: &str) -> String {
    without_words(&without_urls(text))
}

/// `postgres://user:password@…`: what is between the first colon and the last `@`.
fn without_urls(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        result.push_str(before);
        let end = after.find(|it: char| it.is_whitespace() || matches!(it, '\'' | '"' | '`')).unwrap_or(after.len());
        // A password that is not encoded may hold anything, other URLs too.
        match (after[..end].find(':'), after[..end].rfind('@')) {
            (Some(colon), Some(end)) if colon < end => {
                result.push_str(&after[..=colon]);
                result.push_str("***");
                rest = &after[end..];
            }
            _ => rest = after,
        }
    }
    result.push_str(rest);
    result
}

/// `password=…`, `sslpassword = '…'`, `&password=…`.
fn without_words(text: &str) -> String {
    const WORD: &str = "password";
    let lower = text.to_ascii_lowercase();
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = lower[text.len() - rest.len()..].find(WORD) {
        let (before, after) = rest.split_at(at + WORD.len());
        result.push_str(before);
        let value = after.trim_start();
        let Some(value) = value.strip_prefix('=').map(str::trim_start) else {
            rest = after;
            continue;
        };
        result.push_str(&after[..after.len() - value.len()]);
        result.push_str("***");
        let mut escaped = false;
        let quoted = value.starts_with('\'');
        let ends = |(at, it): &(usize, char)| {
            let ends = !escaped && if quoted { *at > 0 && *it == '\'' } else { it.is_whitespace() || matches!(it, '&' | '\'' | '"' | '`') };
            escaped = !escaped && *it == '\\';
            ends
        };
        let end = value.char_indices().find(ends).map_or(value.len(), |(at, _)| if quoted { at + 1 } else { at });
        rest = &value[end..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(diagnostic: &Diagnostic) -> String {
        anstream::adapter::strip_str(&render(diagnostic)).to_string()
    }

    #[test]
    fn a_place_is_underlined() {
        let span = Span { file: "db/a.sql".to_owned(), line: 12, column: 8, length: 5, text: "create tabel é (".to_owned() };
        let diagnostic = Diagnostic::error("syntax error at `tabel`").at(span.clone()).hint("did you mean `table`?");
        assert_eq!(
            plain(&diagnostic),
            "\
error: syntax error at `tabel`
  --> db/a.sql:12:8
   |
12 | create tabel é (
   |        ^^^^^
hint: did you mean `table`?"
        );
        let end = Span { column: 17, length: 0, ..span };
        assert!(plain(&Diagnostic::warning("x").at(end)).contains("db/a.sql:12:17"));
    }

    #[test]
    fn without_a_place_it_is_a_line() {
        assert_eq!(plain(&Diagnostic::error("no").hint("yes")), "error: no\nhint: yes");
    }

    #[test]
    fn terminals_get_no_commands_from_names() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b\u{7}"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
        assert!(!plain(&Diagnostic::error("\u{1b}]0;owned\u{7}")).contains('\u{1b}'));
    }

    #[test]
    fn programs_get_an_object() {
        let span = Span { file: "a.sql".to_owned(), line: 1, column: 2, length: 0, text: String::new() };
        assert_eq!(json(&Diagnostic::warning("m").at(span)), r#"{"level":"warning","message":"m","file":"a.sql","line":1,"column":2}"#);
    }

    #[test]
    fn passwords_are_not_shown() {
        let check = |text: &str, expected: &str| assert_eq!(redacted(text), expected);
        check("no 'postgres://a:s@cr:et@h/db' here", "no 'postgres://a:***@h/db' here");
        check("postgres://a@h:5432/db", "postgres://a@h:5432/db");
        check("a://b:c", "a://b:c");
        check("x://u:p@h y://u:q@h", "x://u:***@h y://u:***@h");
        check("x://u:p/q?r@h/d", "x://u:***@h/d");
        check("'host=h password=geheim dbname=d'", "'host=h password=*** dbname=d'");
        check(r"password = 'g h\'i' user=u", "password = *** user=u");
        check(r"password=g\ h", "password=***");
        check("x://h/d?sslPassword=g&user=u", "x://h/d?sslPassword=***&user=u");
        check("no password here", "no password here");
    }
}
