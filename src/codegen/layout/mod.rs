//! Layout: Go source as gofmt prints it, with exactly the imports that it uses.
//!
//! A template writes Go with the right line breaks and the right blanks between tokens, and leaves indentation, columns,
//! blank lines in excess, doc comments and imports to this pass; after it, `gofmt -l` and `goimports -l` have nothing to
//! say. It knows Go's text and nothing of schemas. gofmt itself is not needed: its rules are here, in four steps, and the
//! tests hold them against the real one.
//!
//! - [`scan`]: tokens and comments;
//! - [`structure`]: what breaks, indents and lines up;
//! - [`print`]: tokens, white space and comments put down in order;
//! - [`columns`]: cells that line up;
//!
//! beside them [`doc_comment`], which lays out comment text, and [`imports`].

mod columns;
mod doc_comment;
mod imports;
mod print;
mod scan;
mod structure;

#[cfg(test)]
mod gofmt_test;

use super::model::Import;

/// The line that stands where the import block belongs.
const IMPORTS: &str = "@imports";

/// Returns the Go source laid out as gofmt prints it, with the line `@imports` replaced by the imports that it uses.
///
/// A package is used where the code says `name.` and nothing nearer has that name; `own_path` is the package that the
/// file belongs to, which is never imported. Without any use the line vanishes.
///
/// # Errors
/// Source that is no Go: the place is the source's own line and column.
pub fn finish(source: &str, imports: &[Import], own_path: &str) -> Result<String, LayoutError> {
    let names = scan::Names::of(imports.iter().map(|it| it.name.as_str()));
    let scanned = scan::scan(source, &names)?;
    let block = imports::block(source, &scanned, imports, own_path);
    Ok(structure::lay_out(source, scanned, &block))
}

/// Go source that cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {problem}")]
pub struct LayoutError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with source that cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A character that begins no Go token.
    #[error("`{0}` is no Go")]
    Character(char),
    /// A closing bracket without its opening one.
    #[error("`{0}` has no partner")]
    Unopened(String),
    /// An opening bracket without its closing one.
    #[error("`{0}` is never closed")]
    Unclosed(String),
    /// A literal or comment that does not end.
    #[error("{0} without its end")]
    Unterminated(&'static str),
    /// Four gigabytes and more.
    #[error("too long")]
    TooLong,
}

impl LayoutError {
    fn new(source: &str, offset: usize, problem: Problem) -> Self {
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        LayoutError { line, column: before[line_start..].chars().count() + 1, problem }
    }
}
