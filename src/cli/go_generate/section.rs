//! A section of ours in a file of the user's, between two marks.

/// How the marks of a kind of file look.
pub(super) struct Marks {
    begin: &'static str,
    end: &'static str,
}

impl Marks {
    /// Of Makefiles and .gitignore.
    pub(super) const HASH: Self =
        Self { begin: "# pgx-goose:begin (`pgx-goose --go-generate` writes this section anew)", end: "# pgx-goose:end" };
    /// Of Go.
    pub(super) const GO: Self =
        Self { begin: "// pgx-goose:begin (`pgx-goose --go-generate` writes this section anew)", end: "// pgx-goose:end" };

    /// What a line must begin with to be the first mark, whatever is said after it.
    fn sign(&self) -> &'static str {
        self.begin.split(" (").next().unwrap_or(self.begin)
    }
}

/// The text with our section replaced, or added at its end. Lines end as those of the text do.
///
/// # Errors
/// Where one mark stands without the other, or twice.
pub(super) fn merged(old: Option<&str>, marks: &Marks, section: &str) -> Result<String, String> {
    let ending = if old.is_some_and(|it| it.contains("\r\n")) { "\r\n" } else { "\n" };
    let section = format!("{}\n{section}{}\n", marks.begin, marks.end).replace('\n', ending);
    let Some(old) = old else { return Ok(section) };
    Ok(match find(old, marks)? {
        Some((begin, end)) => format!("{}{section}{}", &old[..begin], &old[end..]),
        None if old.trim().is_empty() => section,
        None => {
            let gap = if old.ends_with('\n') { "" } else { ending };
            format!("{old}{gap}{ending}{section}")
        }
    })
}

/// The text without our section.
pub(super) fn without(text: &str, marks: &Marks) -> String {
    match find(text, marks) {
        Ok(Some((begin, end))) => format!("{}{}", &text[..begin], &text[end..]),
        _ => text.to_owned(),
    }
}

/// Where our section is, marks and line breaks included.
fn find(text: &str, marks: &Marks) -> Result<Option<(usize, usize)>, String> {
    let (mut begin, mut end) = (None, None);
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let number = number + 1;
        if line.starts_with(marks.sign()) && begin.replace(at).is_some() {
            return Err(format!("line {number} is a second `{}`", marks.sign()));
        }
        at += line.len();
        if line.trim_end() == marks.end && (begin.is_none() || end.replace(at).is_some()) {
            return Err(format!("line {number} is a `{}` without a beginning", marks.end));
        }
    }
    match (begin, end) {
        (Some(begin), Some(end)) => Ok(Some((begin, end))),
        (Some(_), None) => Err(format!("`{}` has no `{}` after it", marks.sign(), marks.end)),
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(old: Option<&str>, section: &str) -> Result<String, String> {
        merged(old, &Marks::HASH, section)
    }

    #[test]
    fn a_section_is_added_replaced_and_left_alone() {
        let fresh = made(None, "a\n").unwrap();
        assert!(fresh.starts_with("# pgx-goose:begin (") && fresh.ends_with("\na\n# pgx-goose:end\n"), "{fresh}");
        assert_eq!(made(Some(&fresh), "a\n").unwrap(), fresh);
        let mine = "x\ny";
        let both = made(Some(mine), "a\n").unwrap();
        assert_eq!(both, format!("x\ny\n\n{fresh}"));
        let after = format!("{both}z\n");
        assert_eq!(made(Some(&after), "b\n").unwrap(), after.replace("\na\n", "\nb\n"));
        assert_eq!(without(&after, &Marks::HASH), "x\ny\n\nz\n");
        let dos = made(Some("x\r\n"), "a\n").unwrap();
        assert!(dos.lines().count() == 5 && dos.matches("\r\n").count() == 5, "{dos:?}");
        assert_eq!(made(Some(&dos), "a\n").unwrap(), dos);
    }

    #[test]
    fn marks_that_make_no_sense_are_told() {
        let check = |text: &str, expected: &str| assert_eq!(made(Some(text), "a\n").unwrap_err(), expected);
        check("# pgx-goose:begin\n", "`# pgx-goose:begin` has no `# pgx-goose:end` after it");
        check("x\n# pgx-goose:end\n", "line 2 is a `# pgx-goose:end` without a beginning");
        check("# pgx-goose:begin\n# pgx-goose:begin\n", "line 2 is a second `# pgx-goose:begin`");
    }
}
