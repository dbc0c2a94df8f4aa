//! The command line as users see it: sessions as text in `tests/cli/*.trycmd`, each in the folder of the same name that
//! ends in `.in`. `TRYCMD=overwrite cargo test --test cli` writes what is said now; then read the difference.

#[test]
fn sessions() {
    trycmd::TestCases::new().env("NO_COLOR", "1").case("tests/cli/*.trycmd");
}
