//! How the product says that something is wrong with what the user gave it.
//!
//! A [`Diagnostic`] is a value next to a result: a finding in a schema, not a failure of the program. It names what
//! happened, to which object, where, and what to do. How it looks on a terminal is the command line's business.

use std::fmt;

use crate::catalog::Identity;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The result is right as far as it goes, and something was left out.
    Warning,
    /// There is no result.
    Error,
}

/// A place in a file of the user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file as the user named it; `<stdin>` for standard input.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// How many characters of the line are meant; 0 where only a point is known.
    pub length: u32,
    /// The text of the line, without its end.
    pub text: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What happened: lower case, no full stop, objects in backticks.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// To which object.
    pub subject: Option<Identity>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A finding without a place.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), span: None, subject: None, hint: None }
    }

    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same finding about an object.
    #[must_use]
    pub fn about(mut self, subject: Identity) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// `file:line:column`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One line: `db/a.sql:3:5: error: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        write!(f, "{}: {}", self.severity, self.message)
    }
}

/// The candidate that is nearest to a misspelled name, if any is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &&str| strsim::damerau_levenshtein(name, candidate) <= 1 + name.chars().count() / 4;
    candidates.into_iter().filter(close).min_by_key(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
}
