//! Why a command failed, and what the shell is told: the one place where errors of every layer become a message,
//! causes, hints and an exit code.

use pgx_goose::capture::live::CaptureError;
use pgx_goose::capture::live::connection::ConnectionError;
use pgx_goose::capture::script::source::SourceError;
use pgx_goose::capture::shadow::{LoadError, ShadowError};
use pgx_goose::codegen::{self, output, template::TemplateError};
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::snapshot::DecodeError;
use pgx_goose::{fs, migration};

/// What the shell is told. The numbers are a promise; `pgx-goose --help` and the manual list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success = 0,
    /// Done, and the answer is no: `--check` found differences.
    Different = 1,
    /// The command line or the config file asks for something that can't be.
    Usage = 2,
    /// The schema can't be used: DDL with errors, a damaged snapshot.
    Input = 3,
    /// A file, a folder, a program or a database that is needed can't be used.
    Environment = 4,
    /// The user stopped it, as shells have it: 128 and the number of the signal.
    Interrupted = 130,
}

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the answer is no: --check found something else than there should be, `diff` found differences
  2  the command line or the config file is wrong
  3  the schema can't be used: errors in the DDL, a damaged snapshot
  4  a file, a folder, a program or a database that is needed can't be used
  130  stopped by Ctrl-C";

/// Why a command failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What went wrong in the user's files, each at its place.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What that means for the command; none where the diagnostics say all.
    pub(crate) message: Option<String>,
    /// What led to it, the nearest first.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, diagnostics: Vec::new(), message: Some(message.into()), causes: Vec::new(), hint: None }
    }

    /// The user asked for something that can't be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The schema can't be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message)
    }

    /// A file or a program can't be used.
    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::new(Exit::Environment, message)
    }

    /// Findings that say all by themselves.
    pub(crate) fn found(exit: Exit, diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit, diagnostics, message: None, causes: Vec::new(), hint: None }
    }

    /// An error of another layer, with all that led to it.
    pub(crate) fn caused(exit: Exit, error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(error.source(), |it| it.source()).map(ToString::to_string);
        Self { causes: causes.collect(), ..Self::new(exit, error.to_string()) }
    }

    /// The same failure with advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A snapshot that can't be read.
    pub(crate) fn snapshot(name: &str, error: &DecodeError) -> Self {
        Self::input(format!("can't use `{name}`: {error}")).hint(error.hint())
    }

    /// Files that can't be put where they belong.
    fn output(error: &output::Error) -> Self {
        match error {
            output::Error::Foreign { .. } => {
                Self::usage(error.to_string()).hint("choose another folder with `--out`, or replace them with `--force`")
            }
            output::Error::Files(error) => Self::caused(Exit::Environment, error),
        }
    }

    /// The findings, and the failure itself in the form of one.
    pub(crate) fn into_diagnostics(self) -> (Vec<Diagnostic>, Option<Diagnostic>) {
        let Self { exit: _, diagnostics, message, causes, hint } = self;
        let reason = message.map(|message| {
            let message = causes.iter().fold(message, |message, cause| format!("{message}: {cause}"));
            Diagnostic { hint, ..Diagnostic::error(message) }
        });
        (diagnostics, reason)
    }
}

impl From<fs::Error> for Failure {
    fn from(error: fs::Error) -> Self {
        Self::caused(Exit::Environment, &error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match &error {
            SourceError::File(error) => Self::caused(Exit::Environment, error),
            SourceError::Stdin(_) => Self::caused(Exit::Environment, &error),
            SourceError::Missing { .. } => Self::caused(Exit::Environment, &error)
                .hint("a source is a DDL file, a folder, a .pgsnap file, `-`, git:REV:PATH or a database (postgres://…)"),
            SourceError::Empty { .. } => Self::caused(Exit::Input, &error),
            SourceError::Encoding { .. } => Self::caused(Exit::Input, &error).hint("convert the file to UTF-8, as with `iconv -t UTF-8`"),
        }
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let exit = match &error {
            ConnectionError::Target { .. } => Exit::Usage,
            ConnectionError::Cancelled => Exit::Interrupted,
            _ => Exit::Environment,
        };
        Self { hint: error.advice(), ..Self::caused(exit, &error) }
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Connection(error) => error.into(),
            error => Self::caused(Exit::Environment, &error),
        }
    }
}

impl From<ShadowError> for Failure {
    fn from(error: ShadowError) -> Self {
        match error {
            ShadowError::Connection(error) => error.into(),
            error => {
                let failure = Self::caused(Exit::Environment, &error);
                match error.hint() {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Shadow(error) => error.into(),
            LoadError::Refused(diagnostics) => Self::found(Exit::Input, diagnostics),
            LoadError::Connection(error) => error.into(),
            LoadError::Capture(error) => error.into(),
        }
    }
}

impl From<codegen::Error> for Failure {
    fn from(error: codegen::Error) -> Self {
        match &error {
            codegen::Error::Build(_) => Self::caused(Exit::Usage, &error),
            codegen::Error::Template(TemplateError::Read(error)) => Self::caused(Exit::Environment, error),
            codegen::Error::Template(TemplateError::Template { message, span }) => {
                Self::found(Exit::Usage, vec![Diagnostic::error(message.clone()).at(span.clone())])
            }
            // Its own message holds all that led to it.
            codegen::Error::Template(_) | codegen::Error::Layout { .. } | codegen::Error::Twice { .. } => Self::usage(error.to_string()),
            codegen::Error::Schema(diagnostics) => Self::found(Exit::Usage, diagnostics.clone()),
            codegen::Error::Output(error) => Self::output(error),
            codegen::Error::Workers { .. } => Self::environment(error.to_string()),
        }
    }
}

impl From<migration::Error> for Failure {
    fn from(error: migration::Error) -> Self {
        match &error {
            migration::Error::File(error) => Self::caused(Exit::Environment, error),
            migration::Error::Template(migration::TemplateError::Template { message, span }) => {
                Self::found(Exit::Usage, vec![Diagnostic::error(message.clone()).at(span.clone())])
            }
            migration::Error::Template(_) => Self::caused(Exit::Usage, &error),
            migration::Error::Exists { .. } => Self::usage(error.to_string()).hint("name the migration otherwise with `--name`"),
        }
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        codegen::Error::Template(error).into()
    }
}

impl From<output::Error> for Failure {
    fn from(error: output::Error) -> Self {
        Self::output(&error)
    }
}
