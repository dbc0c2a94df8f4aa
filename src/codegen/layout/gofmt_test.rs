//! Random Go files, laid out here and by the real gofmt.

use std::fmt::Write as _;
use std::process::Command;

use super::finish;

const FILES: u64 = 500;

/// Writes Go that is right but for its layout: any indentation, one blank where one may stand.
struct Writer {
    state: u64,
    out: String,
}

const NAMES: [&str; 16] = [
    "a",
    "id",
    "userID",
    "Größe",
    "名前",
    "veryLongFieldNameIndeed",
    "Name",
    "x1",
    "CreatedAt",
    "b",
    "T",
    "aVeryMuchLongerNameThanAllOfTheOthersHere",
    "i",
    "ok",
    "err",
    "value",
];
const TYPES: [&str; 14] = [
    "int",
    "string",
    "*time.Time",
    "[]byte",
    "map[string][]int",
    "func(a int, b ...string) error",
    "chan<- int",
    "[4]int",
    "interface{}",
    "pgtype.Range[pgtype.Int4]",
    "struct{}",
    "uuid.UUID",
    "func()",
    "Pair[K, V]",
];
/// Bodies on one line: some stay there, some don't.
const BODIES: [&str; 5] = [
    "{ return }",
    "error { x := 1; return f(x) }",
    "error { if x { return nil }; return f(x) }",
    "error { return veryLongNameOfAFunctionIndeed(aVeryMuchLongerNameThanAllOfTheOthersHere, anotherLongName) }",
    "{ f(struct { a int; b string }{}) }",
];
const WORDS: [&str; 30] = [
    "Text",
    "of a",
    "comment",
    "- item",
    "  - item",
    "1. one",
    "  2) two",
    "# Heading",
    "Heading",
    "''quoted''",
    "``code``",
    "    indented",
    "\tcode",
    "[link]",
    "[link]: http://example.org/x",
    "http://example.org/''a,",
    "{",
    "}",
    "It ends\\",
    "名前",
    "* star",
    "",
    " ",
    "go:generate x",
    "[time.Time]",
    "'' x",
    "a:b",
    "Überschrift Ä1",
    "+build",
    "|",
];

impl Writer {
    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 33) % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }

    fn name(&mut self) -> &'static str {
        self.pick(&NAMES)
    }

    fn line(&mut self, text: &str) {
        for _ in 0..self.below(3) {
            self.out.push('\t');
        }
        self.out.push_str(text);
    }

    fn end(&mut self) {
        match self.below(12) {
            0 => self.out.push_str(" // trailing"),
            1 => self.out.push_str(" // a longer trailing comment, ''so''"),
            2 => self.out.push_str(" /* block */"),
            _ => {}
        }
        if self.chance(5) {
            self.out.push_str("  ");
        }
        self.out.push('\n');
        for _ in 0..self.below(20).saturating_sub(16) {
            self.out.push('\n');
        }
    }

    fn comment(&mut self) {
        if self.chance(12) {
            self.line("// own line\n");
        }
        if self.chance(3) {
            self.line("/* several\n   lines */\n");
        }
    }

    fn doc(&mut self) {
        if self.chance(40) {
            return;
        }
        for _ in 0..1 + self.below(7) {
            let mut line = String::from("//");
            if self.chance(90) {
                line.push(' ');
            }
            for _ in 0..1 + self.below(2) {
                line.push_str(self.pick(&WORDS));
                line.push_str(self.pick(&["", " ", " and "]));
            }
            // A build constraint moves to the top of the file: none is a comment from a schema.
            if line.trim_start_matches(['/', ' ', '\t']).starts_with("+build") || line.starts_with("//line") {
                continue;
            }
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    fn value(&mut self, depth: u64) -> String {
        match self.below(if depth > 2 { 8 } else { 16 }) {
            0 => "1".to_owned(),
            1 => "\"text\"".to_owned(),
            2 => "`raw`".to_owned(),
            3 => "`raw\n  lines`".to_owned(),
            4 => self.name().to_owned(),
            5 => format!("{}.{}", self.name(), self.name()),
            6 => "0X1F".to_owned(),
            7 => "'x'".to_owned(),
            8 => format!("{}({})", self.name(), self.value(depth + 1)),
            9 => format!("{}(\n{},\n{},\n)", self.name(), self.value(depth + 1), self.value(depth + 1)),
            10 => format!("{} &&\n{} ||\n{}", self.name(), self.name(), self.name()),
            11 => self.literal(depth + 1),
            12 => format!("func({} int) {}", self.name(), self.pick(&BODIES)),
            13 => format!("func() error {{\n{}\n{}\n}}", self.statement_text(depth + 1), self.statement_text(depth + 1)),
            14 => format!("{}.\n{}().\n{}({})", self.name(), self.name(), self.name(), self.value(depth + 1)),
            _ => format!("[]int{{{}, {}}}", self.value(3), self.value(3)),
        }
    }

    fn literal(&mut self, depth: u64) -> String {
        let mut out = String::from(self.pick(&["T{", "[]T{", "map[string]int{", "&pkg.T{", "struct{ a int }{"]));
        let count = self.below(6);
        if count == 0 {
            out.push('}');
            return out;
        }
        let one_line = self.chance(20);
        for index in 0..count {
            if !one_line || index == 0 {
                out.push_str(if one_line { "" } else { "\n" });
            }
            if !one_line && self.chance(8) {
                out.push_str("// in between\n");
            }
            if self.chance(70) {
                let key = if self.chance(10) { format!("\"{}\"", "k".repeat(self.below(150) as usize)) } else { self.name().to_owned() };
                let _ = write!(out, "{key}: ");
            }
            out.push_str(&if one_line { self.value(3).replace('\n', " ") } else { self.value(depth) });
            if !one_line || index + 1 < count {
                out.push_str(if one_line { ", " } else { "," });
            }
            if !one_line && self.chance(15) {
                out.push_str(" // why");
            }
            if !one_line && self.chance(5) {
                out.push('\n');
            }
        }
        out.push_str(if one_line { "}" } else { "\n}" });
        out
    }

    fn statement_text(&mut self, depth: u64) -> String {
        match self.below(if depth > 2 { 6 } else { 13 }) {
            0 => format!("{} := {}", self.name(), self.value(depth)),
            1 => format!("{}, {} = {}, {}", self.name(), self.name(), self.value(3), self.value(3)),
            2 => "return".to_owned(),
            3 => format!("{}++", self.name()),
            4 => format!("{}({}, {})", self.name(), self.value(3), self.value(3)),
            5 => format!("defer {}()", self.name()),
            6 => format!(
                "if {} != {} {{\n{}\n}} else if x {{\n}} else {{\n{}\n}}",
                self.name(),
                self.name(),
                self.statement_text(depth + 1),
                self.statement_text(depth + 1)
            ),
            7 => format!(
                "for i := 0; i < {}; i++ {{\n{} // loop\n{}\n}}",
                self.name(),
                self.statement_text(depth + 1),
                self.statement_text(depth + 1)
            ),
            8 => format!(
                "switch x := y.(type) {{\ncase int: // one\n{}\ncase string, // two\nbool:\n{}\n// before\ndefault:\n}}",
                self.statement_text(depth + 1),
                self.statement_text(depth + 1)
            ),
            9 => format!("return {},\n{}", self.name(), self.value(depth)),
            10 => format!("var {} {} // declared", self.name(), self.pick(&TYPES)),
            11 => format!("select {{\ncase <-c:\n{}\ncase c <- v:\n}}", self.statement_text(depth + 1)),
            _ => format!("label:\nfor {{\n{}\nbreak label\n}}", self.statement_text(depth + 1)),
        }
    }

    fn structure(&mut self) {
        let text = format!("type {} struct {{", self.name());
        self.out.push_str(&text);
        self.out.push('\n');
        for _ in 0..self.below(7) {
            self.comment();
            let mut field = match self.below(10) {
                0 => self.pick(&["Embedded", "*pkg.Embedded", "Generic[int]"]).to_owned(),
                1 => format!("{}, {} {}", self.name(), self.name(), self.pick(&TYPES)),
                2 => format!("{} struct {{\n{} int // in\n{} string `tag`\n}}", self.name(), self.name(), self.name()),
                _ => format!("{} {}", self.name(), self.pick(&TYPES)),
            };
            if self.chance(40) {
                let _ = write!(field, " `json:\"{}\"`", self.name());
            }
            self.line(&field);
            self.end();
        }
        self.out.push_str("}\n");
    }

    fn group(&mut self) {
        let keyword = self.pick(&["const", "var"]);
        let text = format!("{keyword} (");
        self.out.push_str(&text);
        self.out.push('\n');
        for _ in 0..self.below(7) {
            self.comment();
            let names = if self.chance(10) { format!("{}, {}", self.name(), self.name()) } else { self.name().to_owned() };
            let typed = if self.chance(40) { format!(" {}", self.pick(&TYPES)) } else { String::new() };
            let value =
                if self.chance(70) || (typed.is_empty() && keyword == "var") { format!(" = {}", self.value(1)) } else { String::new() };
            self.line(&format!("{names}{typed}{value}"));
            self.end();
        }
        self.out.push_str(")\n");
    }

    fn function(&mut self) {
        match self.below(4) {
            0 => {
                for _ in 0..1 + self.below(4) {
                    let body = if self.chance(50) { "{}" } else { "{ return 1 }" };
                    let text = format!("func (r *T) {}({} int) {} {body}", self.name(), self.name(), self.pick(&TYPES));
                    self.out.push_str(&text);
                    self.out.push('\n');
                }
            }
            1 => {
                let text = format!(
                    "func {}[T any](\n{} int, // first\n{} {},\n) (int, error) {{\n}}",
                    self.name(),
                    self.name(),
                    self.name(),
                    self.pick(&TYPES)
                );
                self.out.push_str(&text);
                self.out.push('\n');
            }
            _ => {
                let text = format!("func {}({} {}) {{", self.name(), self.name(), self.pick(&TYPES));
                self.out.push_str(&text);
                self.out.push('\n');
                for _ in 0..self.below(8) {
                    self.comment();
                    let text = self.statement_text(0);
                    self.line(&text);
                    self.end();
                }
                self.out.push_str("}\n");
            }
        }
    }

    fn interface(&mut self) {
        let text = format!("type {} interface {{", self.name());
        self.out.push_str(&text);
        self.out.push('\n');
        for _ in 0..self.below(6) {
            self.comment();
            let text = match self.below(4) {
                0 => self.pick(&["fmt.Stringer", "~int | ~string", "Other"]).to_owned(),
                _ => format!("{}({} int) error", self.name(), self.name()),
            };
            self.line(&text);
            self.end();
        }
        self.out.push_str("}\n");
    }

    fn file(mut self) -> String {
        self.out.push_str("// Code generated. DO NOT EDIT.\n\npackage p\n");
        for _ in 0..2 + self.below(8) {
            for _ in 0..self.below(4) {
                self.out.push('\n');
            }
            self.doc();
            match self.below(6) {
                0 | 1 => self.structure(),
                2 => self.group(),
                3 => self.interface(),
                4 => {
                    let value = self.value(0);
                    let text = format!("var {} = {value}", self.name());
                    self.out.push_str(&text);
                    self.out.push('\n');
                }
                _ => self.function(),
            }
        }
        self.out
    }
}

#[test]
fn random_files_are_laid_out_as_gofmt_does() {
    if Command::new("gofmt").arg("-h").output().is_err() {
        eprintln!("skipped: no gofmt on this machine");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the files");
    let path = |index: u64| folder.path().join(format!("{index}.go"));
    let seed = std::env::var("PGX_GOOSE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let sources: Vec<String> = (0..FILES).map(|index| Writer { state: seed * FILES + index, out: String::new() }.file()).collect();
    for (index, source) in (0..).zip(&sources) {
        crate::fs::write_atomic(path(index), source.as_bytes(), crate::fs::Durability::Renamed).expect("a file to write");
    }
    let output = Command::new("gofmt").arg("-w").arg(folder.path()).output().expect("gofmt runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (index, source) in (0..).zip(&sources) {
        let expected = crate::fs::read_to_string(path(index)).expect("a file to read");
        let actual = finish(source, &[], "").expect("Go that gofmt accepts");
        if actual != expected {
            let line = actual.lines().zip(expected.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let around = |text: &str| text.lines().skip(line.saturating_sub(6)).take(12).collect::<Vec<_>>().join("\n");
            panic!(
                "file {index} of seed {seed}, line {}: expected\n{}\n--- actual\n{}\n--- source\n{source}",
                line + 1,
                around(&expected),
                around(&actual)
            );
        }
    }
}

/// Every so many files of Go's own sources, with their indentation taken away where nothing depends on it.
#[test]
fn the_standard_library_stays_as_it_is() {
    const EVERY: usize = 40;
    let Ok(root) = Command::new("go").args(["env", "GOROOT"]).output() else {
        eprintln!("skipped: no Go on this machine");
        return;
    };
    let root = std::path::PathBuf::from(String::from_utf8_lossy(&root.stdout).trim()).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in crate::fs::read_dir_sorted(&folder).expect("a folder of the standard library") {
            let path = entry.path;
            if entry.kind == crate::fs::FileKind::Folder {
                folders.extend((!path.ends_with("testdata")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "go") {
                files.push(path);
            }
        }
    }
    files.sort();
    let files: Vec<_> = files.into_iter().step_by(EVERY).collect();
    let listed = Command::new("gofmt").arg("-l").args(&files).output().expect("gofmt runs");
    // A few are not formatted.
    let unformatted = String::from_utf8_lossy(&listed.stdout);
    for path in files.iter().filter(|path| !unformatted.lines().any(|line| path.ends_with(line))) {
        let Ok(source) = crate::fs::read_to_string(path) else { continue };
        let actual = finish(&source, &[], "").expect("Go that gofmt accepts");
        let line = actual.lines().zip(source.lines()).position(|(a, b)| a != b);
        assert!(actual == source, "{}:{}", path.display(), line.unwrap_or(0) + 1);
    }
}
