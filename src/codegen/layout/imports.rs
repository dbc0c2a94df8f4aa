//! The import block: exactly the packages that a file uses, as goimports orders them.
//!
//! A package is used where `name.` stands and nothing nearer has declared the name. Most files declare no name that is
//! also a package's, so one look at every selector mostly settles it; only where such a name stands alone somewhere are
//! scopes followed.

use super::scan::{Kind, Scanned, Token};
use crate::codegen::model::Import;

/// Returns the import declaration for the file, without a line break at its end; empty if it asks for none or uses nothing. The scan has looked out for
/// the packages' names.
pub(super) fn block(source: &str, scanned: &Scanned, imports: &[Import], own_path: &str) -> String {
    let file = File { source, tokens: &scanned.tokens };
    if !scanned.imports.iter().any(|&at| file.kind(at as usize) == Kind::Imports) {
        return String::new();
    }
    let spelled = file.spelled_imports(&scanned.imports);
    // The packages that the file may use; of those with one name the first is meant.
    let candidates: Vec<&Import> = imports.iter().filter(|it| it.path != own_path && !spelled.contains(&it.path.as_str())).collect();
    // Whether a package's name stands before a dot, and whether it stands alone: then it may be declared there.
    let mut met = vec![(false, false); candidates.len()];
    for index in scanned.named.iter().map(|&at| at as usize) {
        let text = file.text(index);
        if (index == 0 || file.kind(index - 1) != Kind::Dot)
            && let Some(at) = candidates.iter().position(|it| it.name == text)
        {
            let (selects, alone) = &mut met[at];
            *(if file.kind(index + 1) == Kind::Dot { selects } else { alone }) = true;
        }
    }
    let met = || candidates.iter().zip(&met).filter(|(_, (selects, _))| *selects);
    let mut used: Vec<&Import> = met().map(|(import, _)| *import).collect();
    let hidden: Vec<&str> = met().filter(|(_, (_, alone))| *alone).map(|(import, _)| import.name.as_str()).collect();
    if !hidden.is_empty() {
        let seen = Scopes::new(&file, hidden.clone()).follow();
        used.retain(|import| !hidden.contains(&import.name.as_str()) || seen.contains(&import.name.as_str()));
    }
    used.sort_by(|a, b| (group(&a.path), &a.path, &a.name).cmp(&(group(&b.path), &b.path, &b.name)));
    spell(&used)
}

fn spell(used: &[&Import]) -> String {
    let mut block = String::new();
    let add = |block: &mut String, import: &Import| {
        if import.alias {
            block.push_str(&import.name);
            block.push(' ');
        }
        block.push('"');
        block.push_str(&import.path);
        block.push('"');
    };
    match used {
        [] => {}
        [import] => {
            block.push_str("import ");
            add(&mut block, import);
        }
        _ => {
            block.push_str("import (");
            let mut last = group(&used[0].path);
            for import in used {
                let group = group(&import.path);
                if group != last {
                    block.push('\n');
                    last = group;
                }
                block.push_str("\n\t");
                add(&mut block, import);
            }
            block.push_str("\n)");
        }
    }
    block
}

/// Its group, as goimports tells them apart: a path whose first element has no dot is the standard library's.
fn group(path: &str) -> u8 {
    u8::from(path.split('/').next().is_some_and(|first| first.contains('.')))
}

struct File<'a> {
    source: &'a str,
    tokens: &'a [Token],
}

impl<'a> File<'a> {
    fn kind(&self, index: usize) -> Kind {
        self.tokens.get(index).map_or(Kind::End, |token| token.kind)
    }

    fn text(&self, index: usize) -> &'a str {
        let token = &self.tokens[index];
        &self.source[token.start as usize..token.end as usize]
    }

    /// Whether the name at `index` is the first of a selector.
    fn selects(&self, index: usize) -> bool {
        self.kind(index + 1) == Kind::Dot && (index == 0 || self.kind(index - 1) != Kind::Dot)
    }

    /// The paths of the import declarations that the source spells itself.
    fn spelled_imports(&self, keywords: &[u32]) -> Vec<&'a str> {
        let mut paths = Vec::new();
        for index in keywords.iter().map(|&at| at as usize) {
            if self.kind(index) != Kind::Import {
                continue;
            }
            let end = if self.kind(index + 1) == Kind::LeftParen { self.tokens[index + 1].partner as usize } else { index + 3 };
            let texts = (index + 1..end.min(self.tokens.len())).filter(|&at| matches!(self.kind(at), Kind::Text | Kind::Raw));
            paths.extend(texts.map(|at| self.text(at).trim_matches(['"', '`'])));
        }
        paths
    }

    fn semicolon_before(&self, index: usize) -> bool {
        index > 0 && {
            let before = &self.tokens[index - 1];
            before.kind == Kind::Semicolon || (before.kind.ends_statement() && self.tokens[index].line > before.end_line)
        }
    }
}

/// Names that are declared, scope by scope (Go specification, "Declarations and scope"), as far as packages' names go.
struct Scopes<'a> {
    file: &'a File<'a>,
    names: Vec<&'a str>,
    /// The declared names with the depth of their scope.
    declared: Vec<(usize, &'a str)>,
    /// Declared once the statement at this depth ends: `time := time.Now()`.
    coming: Vec<(usize, &'a str)>,
    /// Parameters, for the body that follows.
    parameters: Vec<&'a str>,
    depth: usize,
    /// The depths of statements with a header, whose names last till their blocks end.
    headers: Vec<usize>,
    seen: Vec<&'a str>,
}

impl<'a> Scopes<'a> {
    fn new(file: &'a File<'a>, names: Vec<&'a str>) -> Self {
        Scopes {
            file,
            names,
            declared: Vec::new(),
            coming: Vec::new(),
            parameters: Vec::new(),
            depth: 0,
            headers: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn wanted(&self, index: usize) -> Option<&'a str> {
        let text = self.file.text(index);
        self.names.iter().copied().find(|name| *name == text)
    }

    /// The names that are used as packages' somewhere.
    fn follow(mut self) -> Vec<&'a str> {
        for index in 0..self.file.tokens.len() {
            if self.file.semicolon_before(index) {
                self.settle(self.depth);
            }
            self.token(index);
        }
        self.seen
    }

    /// What was declared by a statement at the depth is so from here on.
    fn settle(&mut self, depth: usize) {
        let declared = &mut self.declared;
        self.coming.retain(|&(at, name)| {
            if at >= depth {
                declared.push((at, name));
            }
            at < depth
        });
    }

    fn token(&mut self, index: usize) {
        match self.file.kind(index) {
            Kind::Ident if self.file.selects(index) => {
                if let Some(name) = self.wanted(index)
                    && !self.declared.iter().any(|&(_, declared)| declared == name)
                    && !self.seen.contains(&name)
                {
                    self.seen.push(name);
                }
            }
            Kind::Func => self.function(index),
            Kind::If | Kind::For | Kind::Switch | Kind::Select => {
                self.depth += 1;
                self.headers.push(self.depth);
            }
            Kind::LeftBrace => {
                if self.headers.last() == Some(&self.depth) {
                    self.settle(self.depth);
                }
                self.depth += 1;
                let parameters = std::mem::take(&mut self.parameters);
                self.declared.extend(parameters.into_iter().map(|name| (self.depth, name)));
            }
            Kind::RightBrace => {
                self.leave();
                // A statement with a header ends with its last block.
                if self.headers.last() == Some(&self.depth)
                    && (self.file.semicolon_before(index + 1) || self.file.kind(index + 1) == Kind::RightBrace)
                {
                    self.headers.pop();
                    self.leave();
                }
            }
            Kind::Case | Kind::Default => {
                let depth = self.depth;
                self.declared.retain(|&(at, _)| at < depth);
            }
            Kind::Define => {
                let mut at = index;
                while at > 0 && self.file.kind(at - 1) == Kind::Ident {
                    let name = self.wanted(at - 1);
                    self.coming.extend(name.map(|name| (self.depth, name)));
                    if at < 2 || self.file.kind(at - 2) != Kind::Comma {
                        break;
                    }
                    at -= 2;
                }
            }
            Kind::Var | Kind::Const | Kind::Type => self.declaration(index),
            _ => {}
        }
    }

    fn leave(&mut self) {
        let depth = self.depth;
        self.declared.retain(|&(at, _)| at < depth);
        self.coming.retain(|&(at, _)| at < depth);
        self.depth = depth.saturating_sub(1);
    }

    /// The names that the specification at `at` declares.
    fn specification(&mut self, mut at: usize) {
        while self.file.kind(at) == Kind::Ident {
            let name = self.wanted(at);
            self.coming.extend(name.map(|name| (self.depth, name)));
            if self.file.kind(at + 1) != Kind::Comma {
                return;
            }
            at += 2;
        }
    }

    fn declaration(&mut self, index: usize) {
        if self.file.kind(index + 1) != Kind::LeftParen {
            return self.specification(index + 1);
        }
        let close = self.file.tokens[index + 1].partner as usize;
        let mut at = index + 2;
        while at < close {
            if at == index + 2 || self.file.semicolon_before(at) {
                self.specification(at);
            }
            at = if self.file.kind(at).opens() { self.file.tokens[at].partner as usize + 1 } else { at + 1 };
        }
    }

    /// The receiver, the parameters and the results of a function, for its body.
    fn function(&mut self, index: usize) {
        let mut at = index + 1;
        let mut found = Vec::new();
        loop {
            match self.file.kind(at) {
                Kind::LeftParen => {
                    self.names_of_parameters(at, &mut found);
                    at = self.file.tokens[at].partner as usize + 1;
                }
                Kind::LeftBracket => at = self.file.tokens[at].partner as usize + 1,
                Kind::Ident if at == index + 1 || self.file.kind(at + 1) == Kind::LeftParen => at += 1,
                _ => break,
            }
        }
        self.parameters = found;
    }

    fn names_of_parameters(&self, open: usize, found: &mut Vec<&'a str>) {
        let close = self.file.tokens[open].partner as usize;
        let mut named = false;
        let mut names = Vec::new();
        let mut at = open + 1;
        let mut begins = true;
        while at < close {
            let kind = self.file.kind(at);
            if begins && kind == Kind::Ident {
                names.extend(self.wanted(at));
                named |= !matches!(self.file.kind(at + 1), Kind::Comma | Kind::Dot | Kind::RightParen);
            }
            begins = kind == Kind::Comma;
            at = if kind.opens() { self.file.tokens[at].partner as usize + 1 } else { at + 1 };
        }
        if named {
            found.extend(names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finish;
    use super::super::scan::{Names, scan};
    use super::*;

    fn imports() -> Vec<Import> {
        [
            ("context", "context", false),
            ("time", "time", false),
            ("github.com/jackc/pgx/v5", "pgx", false),
            ("github.com/gofrs/uuid", "uuid", false),
            ("example.org/shop/models", "models", false),
            ("example.org/shop/db/time", "dbtime", true),
        ]
        .into_iter()
        .map(|(path, name, alias)| Import { path: path.to_owned(), name: name.to_owned(), alias })
        .collect()
    }

    fn check(body: &str, expected: &str) {
        let source = format!("package p\n\n@imports\n\n{body}\n");
        let scanned = scan(&source, &Names::of(imports().iter().map(|it| it.name.as_str()))).unwrap();
        assert_eq!(block(&source, &scanned, &imports(), "example.org/shop/models"), expected, "{body}");
    }

    #[test]
    fn used_packages() {
        check("var x = 1", "");
        check("var x time.Time", "import \"time\"");
        check("var x a.time.Time", "");
        check(
            "var x, y = pgx.A, uuid.B(time.Now())",
            "import (\n\t\"time\"\n\n\t\"github.com/gofrs/uuid\"\n\t\"github.com/jackc/pgx/v5\"\n)",
        );
        check("var x = dbtime.A + models.B", "import dbtime \"example.org/shop/db/time\"");
        check("// time.Now\nvar x = \"time.Now\"", "");
        check("type T struct { time time.Time }", "import \"time\"");
    }

    #[test]
    fn names_that_hide_a_package() {
        check("func f(time T) { time.Now() }", "");
        check("func f(a, time T) { time.Now() }\nfunc g() { time.Now() }", "import \"time\"");
        check("func f() { time := g()\n time.Now() }", "");
        check("func f() { time := time.Now()\n time.Add(1) }", "import \"time\"");
        check("func f() {\n\tif time := g(); time.Ok() {\n\t} else {\n\t\ttime.No()\n\t}\n}", "");
        check("func f() {\n\tif time := g(); time.Ok() {\n\t}\n\ttime.Now()\n}", "import \"time\"");
        check("func f() {\n\tfor _, time := range g() {\n\t\ttime.No()\n\t}\n}", "");
        check("func (time T) f() { time.Now() }", "");
        check("func f() {\n\tvar time T\n\ttime.Now()\n}", "");
        check("func f(pgx.Tx, time.Time) {}", "import (\n\t\"time\"\n\n\t\"github.com/jackc/pgx/v5\"\n)");
        check("var x = T{time: time.Now()}", "import \"time\"");
    }

    #[test]
    fn where_the_block_goes() {
        let source = "package p\n@imports\nvar x time.Time\n";
        assert_eq!(finish(source, &imports(), "").unwrap(), "package p\n\nimport \"time\"\n\nvar x time.Time\n");
        let source = "package p\n\n@imports\n\nvar x T\n";
        assert_eq!(finish(source, &imports(), "").unwrap(), "package p\n\nvar x T\n");
        let source = "package p\n\nimport \"time\"\n\n@imports\n\nvar x time.Time\n";
        assert_eq!(finish(source, &imports(), "").unwrap(), "package p\n\nimport \"time\"\n\nvar x time.Time\n");
    }
}
