//! Versions of migration files: what a folder's own look like, and which come next.
//!
//! Nothing here reads the clock: who asks says what time it is.

use std::fmt;

/// How the versions of a folder are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// 1, 2, 3…, with zeros before them up to a width.
    Sequence {
        /// How many digits there are at least.
        width: usize,
    },
    /// Year, month, day, hour, minute, second (UTC), or a part of them: 14, 12 or 8 digits. 17 have milliseconds.
    Calendar {
        /// How many digits there are.
        digits: usize,
    },
    /// Time since 1970: in seconds (10 digits), milliseconds (13), microseconds (16), nanoseconds (19).
    Unix {
        /// How many digits there are.
        digits: usize,
    },
}

/// A version, as a file is named by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The number that migration tools sort by.
    pub number: u128,
    /// How it is written.
    pub text: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The version that a file's name begins with, as its digits; none where the name has none.
pub fn digits_of(name: &str) -> Option<&str> {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let separated = matches!(name.as_bytes().get(digits), Some(b'_' | b'-' | b'.'));
    (digits > 0 && separated).then(|| &name[..digits])
}

/// Tells how the versions of files are made, by the newest of them; `None` where no name has one.
pub fn style_of<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Style> {
    let versions: Vec<&str> = names.into_iter().filter_map(digits_of).collect();
    let newest = versions.iter().max_by_key(|it| it.parse::<u128>().unwrap_or_default())?;
    let number: u128 = newest.parse().ok()?;
    if is_calendar(newest) {
        return Some(Style::Calendar { digits: newest.len() });
    }
    if matches!(newest.len(), 10 | 13 | 16 | 19)
        && (1_000_000_000..5_000_000_000).contains(&(number / 10u128.pow(newest.len() as u32 - 10)))
    {
        return Some(Style::Unix { digits: newest.len() });
    }
    // `09` and `10` have a width of two; `9` and `10` have none.
    let padded = versions.iter().filter(|it| it.starts_with('0')).map(|it| it.len()).max();
    Some(Style::Sequence { width: padded.unwrap_or(1) })
}

/// The versions that come next.
///
/// They are greater than all that are there, also where a clock was wrong, and each is greater than the one before.
pub fn next<'n>(names: impl IntoIterator<Item = &'n str>, style: Style, now: u64, count: usize) -> Vec<Version> {
    let last = names.into_iter().filter_map(digits_of).filter_map(|it| it.parse::<u128>().ok()).max();
    let mut versions = Vec::with_capacity(count);
    let mut last = last;
    for _ in 0..count {
        let version = following(last, style, now);
        last = Some(version.number);
        versions.push(version);
    }
    versions
}

fn following(last: Option<u128>, style: Style, now: u64) -> Version {
    let after = last.map_or(1, |it| it.saturating_add(1));
    let padded = |number: u128, width: usize| Version { number, text: format!("{number:0width$}") };
    match style {
        Style::Sequence { width } => padded(after, width),
        Style::Unix { digits } => padded((u128::from(now) * 10u128.pow(digits.saturating_sub(10) as u32)).max(after), digits),
        Style::Calendar { digits } => {
            // A day has one version of eight digits; what follows it is counted on.
            let step = match digits {
                8 => 86_400,
                12 => 60,
                _ => 1,
            };
            let mut at = now;
            loop {
                let number = calendar(at, digits);
                if number >= after {
                    return padded(number, digits);
                }
                // Nearly always one step; a last version of the far future is reached at once.
                let behind = last.and_then(|it| seconds(it, digits)).unwrap_or(0);
                at = if behind >= at { behind + step } else { at + step };
                if at > 32_503_680_000 {
                    return padded(after, digits);
                }
            }
        }
    }
}

/// Whether digits are a moment of the calendar.
fn is_calendar(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|it| it.parse::<u32>().ok());
    let within =
        |from: usize, to: usize, low: u32, high: u32| digits.len() < to || part(from, to).is_some_and(|it| (low..=high).contains(&it));
    matches!(digits.len(), 8 | 12 | 14 | 17)
        && within(0, 4, 1990, 2200)
        && within(4, 6, 1, 12)
        && within(6, 8, 1, 31)
        && within(8, 10, 0, 23)
        && within(10, 12, 0, 59)
        && within(12, 14, 0, 60)
}

/// A moment as a number of year, month, day…
fn calendar(seconds: u64, digits: usize) -> u128 {
    let (year, month, day) = date(seconds / 86_400);
    let time = seconds % 86_400;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let whole = [month, day, hour, minute, second].iter().fold(u128::from(year), |number, part| number * 100 + u128::from(*part));
    match digits {
        8 => whole / 1_000_000,
        12 => whole / 100,
        17 => whole * 1000,
        _ => whole,
    }
}

/// The moment of such a number.
fn seconds(number: u128, digits: usize) -> Option<u64> {
    let whole = match digits {
        8 => number * 1_000_000,
        12 => number * 100,
        17 => number / 1000,
        _ => number,
    };
    let part = |divisor: u128| u64::try_from(whole / divisor % 100).ok();
    let year = u64::try_from(whole / 10_000_000_000).ok().filter(|it| (1970..3000).contains(it))?;
    let days = days(year, part(100_000_000)?, part(1_000_000)?);
    Some(days * 86_400 + part(10_000)? * 3600 + part(100)? * 60 + part(1)?)
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The day since 1970 (the same source, `days_from_civil`).
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted_month + 2) / 5 + day.max(1) - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + day_of_era).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28 10:15:30 UTC.
    const NOW: u64 = 1_795_860_930;

    #[track_caller]
    fn check(names: &[&str], count: usize, expected: &[&str]) {
        let style = style_of(names.iter().copied()).expect("the names have versions");
        let versions = next(names.iter().copied(), style, NOW, count);
        assert_eq!(versions.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), expected, "{style:?}");
    }

    #[test]
    fn a_folder_goes_on_as_it_is() {
        check(&["00001_a.sql", "00002_b.sql"], 2, &["00003", "00004"]);
        check(&["1_a.sql", "9_b.sql"], 2, &["10", "11"]);
        check(&["000001_a.up.sql", "000001_a.down.sql"], 1, &["000002"]);
        check(&["099_a.sql"], 2, &["100", "101"]);
        check(&["20240102030405_a.sql"], 2, &["20261128101530", "20261128101531"]);
        check(&["202401020304_a.sql"], 2, &["202611281015", "202611281016"]);
        check(&["20240102030405123_a.sql"], 1, &["20261128101530000"]);
        check(&["20240102_a.sql"], 2, &["20261128", "20261129"]);
        check(&["1700000000_a.sql"], 2, &["1795860930", "1795860931"]);
        check(&["1700000000000_a.sql"], 1, &["1795860930000"]);
        check(&["00001_a.sql", "20240102030405_b.sql"], 1, &["20261128101530"]);
        check(&["README.md", "x.sql", "7-a.sql"], 1, &["8"]);
    }

    #[test]
    fn a_clock_may_be_wrong() {
        check(&["20301231235959_a.sql"], 2, &["20310101000000", "20310101000001"]);
        check(&["20261128101530_a.sql"], 1, &["20261128101531"]);
        check(&["1900000000_a.sql"], 1, &["1900000001"]);
        check(&["99999999999999_a.sql"], 1, &["100000000000000"]);
    }

    #[test]
    fn numbers_that_are_no_dates() {
        assert_eq!(style_of(["20241399_a.sql"]), Some(Style::Sequence { width: 1 }));
        assert_eq!(style_of(["12345678901234_a.sql"]), Some(Style::Sequence { width: 1 }));
        assert_eq!(style_of(["a.sql"]), None);
        assert_eq!(style_of(["3d_models.sql"]), None);
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for day in [0, 59, 60, 789, 11_016, 11_017, 19_782, 20_000, 47_540] {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(calendar(NOW, 14), 20_261_128_101_530);
        assert_eq!(seconds(20_261_128_101_530, 14), Some(NOW));
    }
}
