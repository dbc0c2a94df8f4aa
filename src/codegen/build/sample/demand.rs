//! What a table's checks demand of each column, taken together.
//!
//! A search over the alternatives of `OR`, cut off after a number of steps: checks are small, and a row that is not found here is found out by the
//! test when the server refuses it.

use std::collections::BTreeMap;

use super::condition::{Condition, Form, Literal, Operator, Part, Pattern, Subject};

/// What is demanded of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Demand {
    /// Whether it must be NULL, or must not be.
    pub null: Option<bool>,
    pub one_of: Option<Vec<Literal>>,
    pub none_of: Vec<Literal>,
    /// The least number, inclusive; of a date or time its seconds since 1970.
    pub low: Option<f64>,
    /// The greatest.
    pub high: Option<f64>,
    /// Strict bounds, one step away from `low` and `high`.
    pub strict: (bool, bool),
    pub after_now: bool,
    pub shortest: usize,
    pub longest: Option<usize>,
    pub elements: usize,
    pub json_type: Option<String>,
    pub patterns: Vec<Pattern>,
    pub form: Option<Form>,
    /// How many columns must be less.
    pub rank: u32,
    /// Whether a check that is not understood speaks of it.
    pub unknown: bool,
    /// Whether a check of more than one column speaks of it.
    pub shared: bool,
}

/// Demands by column.
pub(super) type Demands = BTreeMap<String, Demand>;

/// What may be done to columns.
pub(super) struct Facts<'a> {
    /// Whether a column may be NULL.
    pub nullable: &'a dyn Fn(&str) -> bool,
    /// Whether a sample can give it a value.
    pub settable: &'a dyn Fn(&str) -> bool,
}

/// Steps of the search before it gives up.
const STEPS: usize = 5_000;

/// Finds demands under which all conditions hold, from those given; the ones given where there are none.
pub(super) fn solve(conditions: Vec<Condition>, from: Demands, facts: &Facts<'_>) -> Demands {
    let mut steps = STEPS;
    let mut demands = from.clone();
    for condition in &conditions {
        let mut mentioned = Vec::new();
        columns(condition, &mut mentioned);
        mentioned.sort_unstable();
        mentioned.dedup();
        if mentioned.len() > 1 {
            for column in mentioned {
                demands.entry(column.to_owned()).or_default().shared = true;
            }
        }
    }
    let mut search = Search { facts, steps: &mut steps, orders: Vec::new() };
    let pending: Vec<&Condition> = conditions.iter().rev().collect();
    let Some((mut found, orders)) = search.go(demands.clone(), pending) else { return demands };
    // Columns that must be greater than others, at most as many rounds as there are columns.
    for _ in 0..found.len() {
        let mut changed = false;
        for (less, greater) in &orders {
            let rank = found.get(less).map_or(0, |it| it.rank) + 1;
            let demand = found.entry(greater.clone()).or_default();
            if demand.rank < rank && rank < 64 {
                demand.rank = rank;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    found
}

fn columns<'c>(condition: &'c Condition, found: &mut Vec<&'c str>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|it| columns(it, found)),
        Condition::Compare { subject, .. } | Condition::In { subject, .. } => found.push(&subject.column),
        Condition::Match { column, .. } | Condition::Null { column, .. } | Condition::Form { column, .. } => found.push(column),
        Condition::Columns { left, right, .. } => found.extend([left.as_str(), right.as_str()]),
        Condition::Unknown(names) => found.extend(names.iter().map(String::as_str)),
        Condition::Known(_) => {}
    }
}

type Orders = Vec<(String, String)>;

struct Search<'a, 'f> {
    facts: &'a Facts<'f>,
    steps: &'a mut usize,
    orders: Orders,
}

impl Search<'_, '_> {
    fn go(&mut self, mut demands: Demands, mut pending: Vec<&Condition>) -> Option<(Demands, Orders)> {
        while let Some(condition) = pending.pop() {
            *self.steps = self.steps.checked_sub(1)?;
            match condition {
                Condition::All(parts) => pending.extend(parts.iter().rev()),
                Condition::Any(parts) => {
                    let mut parts: Vec<&Condition> = parts.iter().collect();
                    // A value shows more than a NULL, and what is understood more than what isn't.
                    parts.sort_by_key(|it| match it {
                        Condition::Unknown(_) => 2,
                        Condition::Null { null: true, .. } => 1,
                        _ => 0,
                    });
                    for part in parts {
                        let mut with = pending.clone();
                        with.push(part);
                        let before = self.orders.len();
                        if let Some(found) = self.go(demands.clone(), with) {
                            return Some(found);
                        }
                        self.orders.truncate(before);
                    }
                    return None;
                }
                atom => self.atom(&mut demands, atom)?,
            }
        }
        Some((demands, self.orders.clone()))
    }

    fn atom(&mut self, demands: &mut Demands, atom: &Condition) -> Option<()> {
        match atom {
            Condition::Known(true) => Some(()),
            Condition::Known(false) => None,
            Condition::Null { column, null } => {
                let possible = if *null { (self.facts.nullable)(column) } else { (self.facts.settable)(column) };
                let demand = demands.entry(column.clone()).or_default();
                if !possible || demand.null == Some(!null) {
                    return None;
                }
                demand.null = Some(*null);
                Some(())
            }
            Condition::Columns { left, operator, right } => {
                match operator {
                    Operator::Less | Operator::LessOrEqual | Operator::NotEqual => self.orders.push((left.clone(), right.clone())),
                    Operator::Greater | Operator::GreaterOrEqual => self.orders.push((right.clone(), left.clone())),
                    Operator::Equal => {}
                }
                Some(())
            }
            Condition::Unknown(columns) => {
                for column in columns {
                    demands.entry(column.clone()).or_default().unknown = true;
                }
                Some(())
            }
            Condition::Compare { subject, operator, value } => {
                demands.entry(subject.column.clone()).or_default().compare(subject, *operator, value)
            }
            Condition::In { subject, values, negated } => {
                demands.entry(subject.column.clone()).or_default().within(subject, values, *negated)
            }
            Condition::Match { column, pattern, negated } => {
                let demand = demands.entry(column.clone()).or_default();
                if !negated {
                    demand.patterns.push(pattern.clone());
                }
                Some(())
            }
            Condition::Form { column, form } => {
                let demand = demands.entry(column.clone()).or_default();
                match (demand.form, form) {
                    (None | Some(Form::Trimmed), form) => demand.form = Some(*form),
                    (Some(Form::Lower), Form::Upper) | (Some(Form::Upper), Form::Lower) => return None,
                    _ => {}
                }
                Some(())
            }
            Condition::All(_) | Condition::Any(_) => Some(()),
        }
    }
}

impl Demand {
    /// Takes in a comparison; `None` where it contradicts what is known.
    fn compare(&mut self, subject: &Subject, operator: Operator, value: &Literal) -> Option<()> {
        // A NULL satisfies any comparison of a check.
        if self.null == Some(true) {
            return Some(());
        }
        match (subject.part, value) {
            (Part::Length | Part::Bytes, Literal::Number(number)) => {
                let number = number.parse::<f64>().ok()?.max(-1.0) as i64;
                let (low, high) = bounds(operator, number)?;
                self.shortest = self.shortest.max(usize::try_from(low.unwrap_or(0)).unwrap_or(0));
                if let Some(high) = high {
                    let high = usize::try_from(high).ok()?;
                    self.longest = Some(self.longest.map_or(high, |it| it.min(high)));
                }
                (self.longest.is_none_or(|it| it >= self.shortest)).then_some(())
            }
            (Part::Elements, Literal::Number(number)) => {
                let number = number.parse::<f64>().ok()? as i64;
                let (low, _) = bounds(operator, number)?;
                self.elements = self.elements.max(usize::try_from(low.unwrap_or(0)).unwrap_or(0).min(64));
                Some(())
            }
            (Part::JsonType, Literal::Text(text)) => {
                if operator == Operator::Equal {
                    self.json_type = Some(text.clone());
                }
                Some(())
            }
            (Part::Value, _) => self.compare_value(operator, value),
            _ => {
                self.unknown = true;
                Some(())
            }
        }
    }

    fn compare_value(&mut self, operator: Operator, value: &Literal) -> Option<()> {
        match (operator, value) {
            (Operator::Equal, _) if *value != Literal::Now => return self.only(std::slice::from_ref(value)),
            (Operator::NotEqual, Literal::Bool(it)) => return self.only(&[Literal::Bool(!it)]),
            (Operator::NotEqual, _) => {
                self.none_of.push(value.clone());
                return self.narrow();
            }
            (Operator::Greater | Operator::GreaterOrEqual, Literal::Now) => self.after_now = true,
            (_, Literal::Now) => {}
            _ => match number(value) {
                Some(number) => match operator {
                    Operator::Greater | Operator::GreaterOrEqual if self.low.is_none_or(|it| it <= number) => {
                        self.strict.0 = operator == Operator::Greater;
                        self.low = Some(number);
                    }
                    Operator::Less | Operator::LessOrEqual if self.high.is_none_or(|it| it >= number) => {
                        self.strict.1 = operator == Operator::Less;
                        self.high = Some(number);
                    }
                    _ => {}
                },
                None => self.unknown = true,
            },
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) if low > high => None,
            _ => self.narrow(),
        }
    }

    fn within(&mut self, subject: &Subject, values: &[Literal], negated: bool) -> Option<()> {
        if self.null == Some(true) {
            return Some(());
        }
        match subject.part {
            Part::Value if negated => {
                self.none_of.extend(values.iter().cloned());
                self.narrow()
            }
            Part::Value => self.only(values),
            _ if negated => Some(()),
            _ => self.compare(subject, Operator::Equal, values.first()?),
        }
    }

    fn only(&mut self, values: &[Literal]) -> Option<()> {
        let same = |a: &Literal, b: &Literal| a == b || number(a).is_some() && number(a) == number(b);
        self.one_of = Some(match self.one_of.take() {
            Some(known) => known.into_iter().filter(|it| values.iter().any(|other| same(it, other))).collect(),
            None => values.to_vec(),
        });
        self.narrow()
    }

    /// Takes out of the possible values those that are excluded or out of bounds.
    fn narrow(&mut self) -> Option<()> {
        let Self { one_of, none_of, low, high, .. } = self;
        if let Some(values) = one_of {
            values.retain(|it| {
                let inside = number(it).is_none_or(|it| low.is_none_or(|low| low <= it) && high.is_none_or(|high| it <= high));
                inside && !none_of.contains(it)
            });
            return (!values.is_empty()).then_some(());
        }
        Some(())
    }
}

/// The least and the greatest integer for which the comparison holds.
fn bounds(operator: Operator, number: i64) -> Option<(Option<i64>, Option<i64>)> {
    Some(match operator {
        Operator::Equal => (Some(number), Some(number)),
        Operator::NotEqual if number == 0 => (Some(1), None),
        Operator::NotEqual => (None, None),
        Operator::Less => (None, Some(number.checked_sub(1)?)),
        Operator::LessOrEqual => (None, Some(number)),
        Operator::Greater => (Some(number.checked_add(1)?), None),
        Operator::GreaterOrEqual => (Some(number), None),
    })
}

/// A constant as a number: itself, or the seconds since 1970 of a date or a time.
pub(super) fn number(value: &Literal) -> Option<f64> {
    match value {
        Literal::Number(text) => text.parse().ok(),
        Literal::Text(text) => text.parse().ok().filter(|it: &f64| it.is_finite()).or_else(|| seconds(text)),
        Literal::Bool(_) | Literal::Now => None,
    }
}

/// The seconds since 1970 of `2024-01-31`, `2024-01-31 12:30:00` and `2024-01-31 12:30:00+00`. Other zones than UTC are off by hours, which no sample comes near to.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let date = text.get(..10)?;
    let mut parts = date.split('-').map(|it| it.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || parts.next().is_some() {
        return None;
    }
    let time = text.get(11..19).and_then(|it| {
        let mut parts = it.split(':').map(|it| it.parse::<i64>().ok());
        Some(parts.next()?? * 3600 + parts.next()?? * 60 + parts.next()??)
    });
    // Days from a civil date, Howard Hinnant's algorithm.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + time.unwrap_or(0)) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::condition::read;
    use super::*;

    fn demands(checks: &[&str], not_null: &[&str]) -> Demands {
        let nullable = |column: &str| !not_null.contains(&column);
        solve(checks.iter().map(|it| read(it)).collect(), Demands::new(), &Facts { nullable: &nullable, settable: &|_| true })
    }

    #[test]
    fn checks_are_taken_together() {
        let found = demands(&["a >= 5", "a < 10", "a <> 5", "length(b) BETWEEN 2 AND 4", "b = upper(b)"], &[]);
        assert_eq!((found["a"].low, found["a"].high, found["a"].strict), (Some(5.0), Some(10.0), (false, true)));
        assert_eq!((found["b"].shortest, found["b"].longest, found["b"].form), (2, Some(4), Some(Form::Upper)));
        let found = demands(&["s IN ('a', 'b', 'c')", "s <> 'a'"], &[]);
        assert_eq!(found["s"].one_of, Some(vec![Literal::Text("b".into()), Literal::Text("c".into())]));
    }

    #[test]
    fn alternatives_are_searched() {
        let found = demands(&["(s = 'done' AND t IS NULL) OR (s = 'open' AND u IS NULL)"], &["t"]);
        assert_eq!(found["s"].one_of, Some(vec![Literal::Text("open".into())]));
        assert_eq!(found["u"].null, Some(true));
        let found = demands(&["num_nonnulls(a, b) = 1", "b IS NULL"], &[]);
        assert_eq!((found["a"].null, found["b"].null), (Some(false), Some(true)));
        let found = demands(&["a < b", "b < c"], &[]);
        assert_eq!((found["b"].rank, found["c"].rank), (1, 2));
        let found = demands(&["a < b", "b < a"], &[]);
        assert!(found["a"].rank < 64);
    }

    #[test]
    fn dates_are_numbers() {
        let check = |text: &str, expected: Option<f64>| assert_eq!(seconds(text), expected, "of {text}");
        check("1970-01-01", Some(0.0));
        check("2000-03-01", Some(951_868_800.0));
        check("2024-02-29 00:00:10+00", Some(1_709_164_810.0));
        check("infinity", None);
        check("2024-13-01", None);
    }
}
