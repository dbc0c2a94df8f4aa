//! Columns: text whose cells line up with those of the lines around it.
//!
//! The rule is that of elastic tab stops as Go's text/tabwriter has it, with the settings of gofmt: cells that a tab
//! ends, in the same column of lines that follow each other, have the same width; the last cell of a line belongs to no
//! column; one space of padding; indentation in tabs. A section is the lines between two hard breaks: nothing lines up
//! beyond it. It knows text and widths, nothing of Go.
//!
//! Most sections have nothing to line up. So lines go straight to the result, and only a section in which two lines
//! might share a column is written again when it ends.

/// The width of a tab in gofmt's eyes, which matters where indented and aligned lines meet in a section.
const TAB_WIDTH: usize = 8;

/// A cell that a tab ends. The last cell of a line is not kept: it is the text up to the line's end.
#[derive(Clone, Copy)]
struct Cell {
    /// Where its text ends in the result.
    end: usize,
    /// Where the next cell's text begins.
    next: usize,
    /// In characters.
    width: usize,
    /// Whether an empty column of such cells still takes up space.
    hard: bool,
}

struct Line {
    indent: usize,
    /// Where the text after the indentation begins in the result.
    start: usize,
    /// Where it ends, line break excluded.
    end: usize,
    /// Its cells.
    cells: std::ops::Range<usize>,
}

/// Text that is laid out in columns.
pub(super) struct Columns {
    result: String,
    cells: Vec<Cell>,
    lines: Vec<Line>,
    /// The line that is being written: its indentation, the start of its text, of its cells, and of its last cell.
    indent: usize,
    start: usize,
    first_cell: usize,
    cell_start: usize,
    /// Where the section begins in the result.
    section: usize,
    /// What a section is copied to when it is written again, and the widths of the columns there.
    scratch: String,
    widths: Vec<usize>,
}

impl Columns {
    pub(super) fn new(capacity: usize) -> Self {
        Columns {
            result: String::with_capacity(capacity),
            cells: Vec::new(),
            lines: Vec::new(),
            indent: 0,
            start: 0,
            first_cell: 0,
            cell_start: 0,
            section: 0,
            scratch: String::new(),
            widths: Vec::new(),
        }
    }

    /// Whether nothing has been written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.result.is_empty()
    }

    /// Indents the line that begins.
    pub(super) fn begin_line(&mut self, indent: usize) {
        self.result.extend(std::iter::repeat_n('\t', indent));
        self.indent = indent;
        self.start = self.result.len();
        self.cell_start = self.start;
    }

    /// Adds to the line's last cell.
    pub(super) fn text(&mut self, text: &str) {
        self.result.push_str(text);
    }

    /// Ends a cell. A column of empty cells vanishes if none of them is `hard`.
    pub(super) fn tab(&mut self, hard: bool) {
        let end = self.result.len();
        let width = width(&self.result[self.cell_start..end]);
        if width > 0 || hard {
            self.result.push(' ');
        }
        self.cell_start = self.result.len();
        self.cells.push(Cell { end, next: self.cell_start, width, hard });
    }

    /// Ends the line, and with `section` the section.
    pub(super) fn end_line(&mut self, section: bool) {
        let trimmed = self.result[self.start..].trim_end_matches([' ', '\t']).len();
        let end = self.start + trimmed;
        // Empty cells at the line's end still count for their columns; their text is not needed for that.
        self.result.truncate(end);
        if trimmed == 0 {
            self.result.truncate(self.start - self.indent);
        }
        self.lines.push(Line {
            indent: self.indent,
            start: self.start.min(self.result.len()),
            end: self.result.len(),
            cells: self.first_cell..self.cells.len(),
        });
        self.result.push('\n');
        self.begin_line(0);
        self.first_cell = self.cells.len();
        if section {
            self.end_section();
        }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        if self.result.len() > self.start {
            self.end_line(true);
        } else {
            self.end_section();
        }
        self.result
    }

    fn end_section(&mut self) {
        if !self.cells.is_empty() && self.needs_alignment() {
            self.align();
        }
        self.lines.clear();
        self.cells.clear();
        self.first_cell = 0;
        self.begin_line(0);
        self.section = self.start;
    }

    /// Whether some line's cell may have a neighbour in its column. Lines with cells, and alone with them, are right as they stand.
    fn needs_alignment(&self) -> bool {
        let mut lines = self.lines.iter().filter(|line| !line.cells.is_empty());
        lines.next().is_some() && (lines.next().is_some() || self.lines.iter().any(|line| line.indent != self.lines[0].indent))
    }

    /// Writes the section again, with every column as wide as its widest cell.
    fn align(&mut self) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.push_str(&self.result[self.section..]);
        self.result.truncate(self.section);
        // All lines have the columns of the smallest indentation, all of them empty: these are a tab each.
        let common = self.lines.iter().map(|line| line.indent).min().unwrap_or(0);
        self.widths.clear();
        self.widths.resize(common, 1);
        self.format(&scratch, 0, self.lines.len());
        self.scratch = scratch;
    }

    /// How many cells of the line a tab ends, indentation included.
    fn columns(&self, line: usize) -> usize {
        let line = &self.lines[line];
        line.indent + line.cells.len()
    }

    /// Settles the next column of the lines, block by block, and writes them once no line has a further one.
    fn format(&mut self, text: &str, mut from: usize, to: usize) {
        let column = self.widths.len();
        let mut at = from;
        while at < to {
            if column >= self.columns(at) {
                at += 1;
                continue;
            }
            self.write(text, from, at);
            from = at;
            let (mut width, mut discard) = (0, true);
            while at < to && column < self.columns(at) {
                let line = &self.lines[at];
                let (cell, hard) = match column.checked_sub(line.indent) {
                    None => (0, true),
                    Some(index) => {
                        let cell = &self.cells[line.cells.start + index];
                        (cell.width, cell.hard)
                    }
                };
                width = width.max(cell + 1);
                discard &= cell == 0 && !hard;
                at += 1;
            }
            self.widths.push(if discard { 0 } else { width });
            self.format(text, from, at);
            self.widths.pop();
            from = at;
        }
        self.write(text, from, to);
    }

    fn write(&mut self, text: &str, from: usize, to: usize) {
        let section = self.section;
        for line in &self.lines[from..to] {
            let begin = self.result.len();
            // Leading empty cells are padded with tabs, however wide.
            let mut leading = true;
            for column in 0..line.indent {
                let tabs = self.widths.get(column).map_or(0, |width| width.div_ceil(TAB_WIDTH));
                self.result.extend(std::iter::repeat_n('\t', tabs));
            }
            let mut start = line.start;
            for (index, cell) in self.cells[line.cells.clone()].iter().enumerate() {
                let padded = self.widths.get(line.indent + index).copied();
                if cell.width == 0 {
                    if let Some(width) = padded {
                        let (pad, count) = if leading { ('\t', width.div_ceil(TAB_WIDTH)) } else { (' ', width) };
                        self.result.extend(std::iter::repeat_n(pad, count));
                    }
                } else {
                    leading = false;
                    self.result.push_str(&text[start - section..cell.end.min(line.end) - section]);
                    if let Some(width) = padded {
                        self.result.extend(std::iter::repeat_n(' ', width - cell.width));
                    }
                }
                start = cell.next;
            }
            if start < line.end {
                self.result.push_str(&text[start - section..line.end - section]);
            }
            let trimmed = self.result[begin..].trim_end_matches([' ', '\t']).len();
            self.result.truncate(begin + trimmed);
            self.result.push('\n');
        }
    }
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `>` indents, `|` is a soft tab, `!` a hard one, `\n` a line break, `^` the break of a section.
    fn check(input: &str, expected: &str) {
        let mut columns = Columns::new(0);
        let mut indent = 0;
        let mut begun = false;
        for character in input.chars() {
            if character == '>' {
                indent += 1;
                continue;
            }
            if !begun {
                columns.begin_line(indent);
                begun = true;
            }
            match character {
                '|' | '!' => columns.tab(character == '!'),
                '\n' | '^' => {
                    columns.end_line(character == '^');
                    (begun, indent) = (false, 0);
                }
                _ => columns.text(character.encode_utf8(&mut [0; 4])),
            }
        }
        assert_eq!(columns.finish(), expected, "{input}");
    }

    #[test]
    fn columns() {
        check("a|b\naaa|b\n", "a   b\naaa b\n");
        check("a|b^aaa|b^", "a b\naaa b\n");
        check("a|b\n\naaa|b\n", "a b\n\naaa b\n");
        check("ä|b\nnn|b\n", "ä  b\nnn b\n");
        check(">a|bb|c\n>aa||c\n", "\ta  bb c\n\taa    c\n");
        check("a||c\naa||c\n", "a  c\naa c\n");
        check("a|!c\naa|!c\n", "a   c\naa  c\n");
        check("a||c^", "a c\n");
        check("a|\naa|b\n", "a\naa b\n");
    }

    #[test]
    fn indented_lines_beside_aligned_ones() {
        check("a!b\n>c\n", "a b\n\tc\n");
        check("aaaaaaaaa!b\n>c\n", "aaaaaaaaa b\n\t\tc\n");
    }
}
