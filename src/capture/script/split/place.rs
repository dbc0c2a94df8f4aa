//! From bytes to lines and columns.

use std::sync::OnceLock;

use crate::capture::script::{Input, Place};
use crate::diagnostic::Span;

/// Finds the line of a byte without reading the file again for each.
pub(crate) struct Places<'a> {
    inputs: &'a [Input],
    /// Where each line of each file begins; made when the first place of the file is asked for.
    lines: Vec<OnceLock<Vec<usize>>>,
}

impl<'a> Places<'a> {
    /// Places in these inputs.
    pub(crate) fn new(inputs: &'a [Input]) -> Self {
        Self { inputs, lines: inputs.iter().map(|_| OnceLock::new()).collect() }
    }

    /// What the user is shown of a place: its first line.
    pub(crate) fn span(&self, Place { file, offset, length }: Place) -> Span {
        let Input { name, text, .. } = &self.inputs[file];
        let lines = self.lines[file].get_or_init(|| line_starts(text));
        let offset = text.floor_char_boundary(offset);
        let line = lines.partition_point(|start| *start <= offset) - 1;
        let start = lines[line];
        let end = lines.get(line + 1).map_or(text.len(), |next| *next);
        let line_text = text[start..end].trim_end_matches(['\n', '\r']);
        let line_end = start + line_text.len();
        let meant = offset.min(line_end)..text.floor_char_boundary(offset.saturating_add(length)).clamp(offset.min(line_end), line_end);
        let count = |range: std::ops::Range<usize>| u32::try_from(text[range].chars().count()).unwrap_or(u32::MAX);
        Span {
            file: name.clone(),
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: count(start..meant.start).saturating_add(1),
            length: count(meant),
            text: line_text.to_owned(),
        }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, offset: usize, length: usize, expected: (u32, u32, u32, &str)) {
        let inputs = [Input::new("a.sql", text)];
        let span = Places::new(&inputs).span(Place { file: 0, offset, length });
        assert_eq!((span.line, span.column, span.length, span.text.as_str()), expected);
    }

    #[test]
    fn columns_are_characters() {
        check("select 1", 7, 1, (1, 8, 1, "select 1"));
        check("äö x\nü y", 5, 1, (1, 4, 1, "äö x"));
        check("äö x\nü y", 10, 1, (2, 3, 1, "ü y"));
    }

    #[test]
    fn a_place_ends_with_its_line() {
        check("a\r\nbc\r\nd", 3, 5, (2, 1, 2, "bc"));
        check("a\n", 2, 0, (2, 1, 0, ""));
        check("", 0, 3, (1, 1, 0, ""));
        check("a", 99, 3, (1, 2, 0, "a"));
    }
}
