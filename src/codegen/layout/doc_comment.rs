//! The text of a doc comment, as gofmt lays it out since Go 1.19.

/// Returns the comments that stand for the doc comment, or nothing if it stays as it is.
pub(super) fn format(_lines: &[&str]) -> Option<Vec<String>> {
    None
}
