//! Intervals as the server writes them in its own style: `1 year 2 mons 3 days 04:05:06`.
//!
//! PostgreSQL src/backend/utils/adt/datetime.c, DecodeInterval and EncodeInterval. Whole numbers of units, and clocks; anything
//! else (fractions, ISO 8601, days that only a clock behind them tells) is not read.

/// The server's text of an interval.
pub(super) fn normal(text: &str) -> Option<String> {
    const SECOND: i64 = 1_000_000;
    let (mut months, mut days, mut micros) = (0_i64, 0_i64, 0_i64);
    let mut words = text.split_whitespace().peekable();
    let mut ago = false;
    words.peek()?;
    while let Some(word) = words.next() {
        if ago {
            return None;
        }
        if word == "ago" {
            ago = true;
            continue;
        }
        if word.contains(':') {
            micros = micros.checked_add(clock(word)?)?;
            continue;
        }
        let split = word.find(|it: char| it.is_ascii_alphabetic()).unwrap_or(word.len());
        let number: i64 = word[..split].parse().ok()?;
        let unit = match &word[split..] {
            "" if words.peek().is_some() => words.next()?,
            // A last number without a unit is one of seconds.
            "" => "s",
            unit => unit,
        };
        let (months_each, days_each, micros_each) = match unit.to_ascii_lowercase().as_str() {
            "millennium" | "millennia" | "millenniums" | "mil" | "mils" => (12_000, 0, 0),
            "century" | "centuries" | "cent" | "c" => (1_200, 0, 0),
            "decade" | "decades" | "dec" | "decs" => (120, 0, 0),
            "year" | "years" | "yr" | "yrs" | "y" => (12, 0, 0),
            "month" | "months" | "mon" | "mons" => (1, 0, 0),
            "week" | "weeks" | "w" => (0, 7, 0),
            "day" | "days" | "d" => (0, 1, 0),
            "hour" | "hours" | "hr" | "hrs" | "h" => (0, 0, 3_600 * SECOND),
            "minute" | "minutes" | "min" | "mins" | "m" => (0, 0, 60 * SECOND),
            "second" | "seconds" | "sec" | "secs" | "s" => (0, 0, SECOND),
            "millisecond" | "milliseconds" | "msec" | "msecs" | "ms" => (0, 0, 1_000),
            "microsecond" | "microseconds" | "usec" | "usecs" | "us" => (0, 0, 1),
            _ => return None,
        };
        months = months.checked_add(number.checked_mul(months_each)?)?;
        days = days.checked_add(number.checked_mul(days_each)?)?;
        micros = micros.checked_add(number.checked_mul(micros_each)?)?;
    }
    if ago {
        (months, days, micros) = (-months, -days, -micros);
    }
    Some(print(months, days, micros))
}

/// `[-]hours:minutes[:seconds[.fraction]]`, in microseconds.
fn clock(word: &str) -> Option<i64> {
    let (negative, word) = word.strip_prefix('-').map_or((false, word.strip_prefix('+').unwrap_or(word)), |it| (true, it));
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let parts: Vec<i64> = whole.split(':').map(|it| it.parse().ok().filter(|it| *it >= 0)).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] if fraction.is_empty() => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    if minutes > 59 || seconds > 60 || fraction.len() > 6 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    let micros = hours.checked_mul(3_600)?.checked_add(minutes * 60 + seconds)?.checked_mul(1_000_000)?.checked_add(fraction)?;
    Some(if negative { -micros } else { micros })
}

fn print(months: i64, days: i64, micros: i64) -> String {
    let mut parts: Vec<String> = Vec::new();
    // After a negative part, a positive one says so.
    let mut negative = false;
    for (number, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if number != 0 {
            let sign = if negative && number > 0 { "+" } else { "" };
            parts.push(format!("{sign}{number} {unit}{}", if number == 1 { "" } else { "s" }));
            negative = number < 0;
        }
    }
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 {
            "-"
        } else if negative {
            "+"
        } else {
            ""
        };
        let left = micros.unsigned_abs();
        let (seconds, fraction) = (left / 1_000_000, left % 1_000_000);
        let mut text = format!("{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        if fraction != 0 {
            text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
        }
        parts.push(text);
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn as_the_server_writes_them() {
        let check = |text, expected: &str| assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
        check("1 day", "1 day");
        check("24 hours", "24:00:00");
        check("1 week", "7 days");
        check("30 minutes", "00:30:00");
        check("18 months", "1 year 6 mons");
        check("0 days", "00:00:00");
        check("-1 day 2:03", "-1 days +02:03:00");
        check("1 hour ago", "-01:00:00");
        check("1500 ms", "00:00:01.5");
        check("0", "00:00:00");
        check("1 day 90", "1 day 00:01:30");
        for text in ["", "1 2:03", "P1D", "1.5 days", "1 fortnight"] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
