//! Moments, to the millisecond, UTC.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;

/// When a snapshot was taken. Finer than milliseconds is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// What a date looks like.
const DATE: &str = "2026-11-01";

/// Milliseconds of a day, UTC.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Text that is no time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no time: write 2026-11-01T02:00:00Z or 2026-11-01")]
pub struct TimeError(pub String);

impl Time {
    /// A time as the store keeps it: milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// The time as the store keeps it.
    #[must_use]
    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// The day, UTC: `2026-11-01`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string().chars().take(DATE.len()).collect()
    }

    /// Whether text begins like a date: then it is meant as a time, and nothing else.
    #[must_use]
    pub fn looks_like_one(text: &str) -> bool {
        let begins = |at: usize, each: u8| match at {
            4 => each == b'-',
            _ => each.is_ascii_digit(),
        };
        text.len() >= "2026-1".len()
            && text.bytes().take(6).enumerate().all(|(at, each)| begins(at, each))
    }

    /// Reads when something was taken: an RFC 3339 time, or a date, which means its first
    /// moment, UTC.
    ///
    /// # Errors
    /// Where the text is neither, or before 1970.
    pub fn parse_taken(text: &str) -> Result<Self, TimeError> {
        let moment = Self::parse_moment(text)?;
        if moment.0 < 0 {
            return Err(TimeError(text.to_owned()));
        }
        let is_date = text.len() == DATE.len();
        Ok(if is_date { Self(moment.0 - DAY + 1) } else { moment })
    }

    /// Reads a moment to look from: an RFC 3339 time, or a date, which means the end of that
    /// day, UTC.
    ///
    /// # Errors
    /// Where the text is neither.
    pub fn parse_moment(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.to_owned());
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self(time.as_millisecond()));
        }
        if text.len() != DATE.len() {
            return Err(error());
        }
        let date: Date = text.parse().map_err(|_| error())?;
        let next = date.tomorrow().map_err(|_| error())?;
        let midnight =
            next.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| error())?;
        Ok(Self(midnight.timestamp().as_millisecond() - 1))
    }
}

/// A stretch of the calendar, UTC. A week is ISO 8601's, which begins on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// An ISO week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Time {
    /// The number of the period that it is in: two times of one period have the same.
    #[must_use]
    pub fn period(self, period: Period) -> i64 {
        let day = self.0.div_euclid(DAY);
        let date = || {
            let time = Timestamp::from_millisecond(self.0).unwrap_or_default();
            time.to_zoned(jiff::tz::TimeZone::UTC).date()
        };
        match period {
            Period::Hour => self.0.div_euclid(DAY / 24),
            Period::Day => day,
            // 1970 began on a Thursday.
            Period::Week => (day + 3).div_euclid(7),
            Period::Month => {
                let date = date();
                i64::from(date.year()) * 12 + i64::from(date.month())
            }
            Period::Year => i64::from(date().year()),
        }
    }
}

/// From when on something counts: for a length of time before a moment, or from a time.
#[derive(Clone, Debug)]
pub struct Within {
    text: String,
    from: Result<Time, jiff::Span>,
}

impl std::str::FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let from = match Time::parse_taken(text) {
            Ok(time) => Ok(time),
            Err(error) if Time::looks_like_one(text) => return Err(error.to_string()),
            Err(_) => {
                let span = text.parse::<jiff::Span>().ok().filter(|span| !span.is_negative());
                Err(span.ok_or_else(|| {
                    format!("`{text}` is no length of time: write 30d, 8w, 6mo, 1y 6mo or a date")
                })?)
            }
        };
        Ok(Self { text: text.to_owned(), from })
    }
}

impl Within {
    /// From when on, where the length of time ends at `end`.
    #[must_use]
    pub fn before(&self, end: Time) -> Time {
        let start = |span| {
            let end = Timestamp::from_millisecond(end.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
            end.checked_sub(span).ok().map(|start| Time(start.timestamp().as_millisecond()))
        };
        // What lies before all time takes in everything.
        self.from.unwrap_or_else(|span| start(span).unwrap_or(Time(i64::MIN)))
    }

    /// From when on, where that is said itself.
    #[must_use]
    pub fn since(&self) -> Option<Time> {
        self.from.ok()
    }
}

impl fmt::Display for Within {
    /// `within 30d`, `since 2026-11-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.from.is_ok() { "since" } else { "within" };
        write!(f, "{word} {}", self.text)
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time.as_millisecond())
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, with milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(time) if self.0 % 1000 == 0 => f.pad(&time.to_string()),
            Ok(time) => f.pad(&format!("{time:.3}")),
            Err(_) => write!(f, "{} ms since 1970", self.0),
        }
    }
}

/// Nothing here takes longer than 30 days.
fn shorter(duration: Duration) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    if duration > MOST { Err("longer than 30 days".to_owned()) } else { Ok(duration) }
}

/// Reads a length of time: seconds, or a text such as `90s`, `5m` or `1h 30m`.
///
/// # Errors
/// Where the text is neither.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return shorter(Duration::from_secs(seconds));
    }
    let error = || format!("`{text}` is no length of time: write 90, 90s or 5m");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| error())?;
    shorter(Duration::try_from(duration).map_err(|_| error())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_read_and_shown_in_utc() {
        let shown = |text| Time::parse_moment(text).map(|time| time.to_string());
        assert_eq!(shown("2026-11-01T02:00:00Z").unwrap(), "2026-11-01T02:00:00Z");
        assert_eq!(shown("2026-11-01T04:00:00.1234+02:00").unwrap(), "2026-11-01T02:00:00.123Z");
        assert_eq!(shown("2026-11-01T02:00:00.1Z").unwrap(), "2026-11-01T02:00:00.100Z");
        assert!(Time::parse_taken("1969-12-31").is_err());
        assert_eq!(shown("2026-11-01").unwrap(), "2026-11-01T23:59:59.999Z");
        assert_eq!(Time::parse_taken("2026-11-01").unwrap().to_string(), "2026-11-01T00:00:00Z");
        for bad in ["", "latest", "2026-13-01", "2026-11-01T02:00:00", "20261101"] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn periods_are_the_calendar_s_in_utc() {
        let same = |period, one, other| {
            let at = |text| Time::parse_moment(text).unwrap().period(period);
            at(one) == at(other)
        };
        // 2026-01-01 is a Thursday: its ISO week began in 2025.
        assert!(same(Period::Week, "2025-12-29T00:00:00Z", "2026-01-04T23:59:59Z"));
        assert!(!same(Period::Week, "2025-12-28T23:59:59Z", "2025-12-29T00:00:00Z"));
        assert!(!same(Period::Week, "2026-01-04T23:59:59Z", "2026-01-05T00:00:00Z"));
        assert!(same(Period::Month, "2026-02-01T00:00:00Z", "2026-02-28T23:59:59Z"));
        assert!(!same(Period::Month, "2025-11-01", "2026-11-01"));
        assert!(!same(Period::Month, "2025-12-31", "2026-01-01"));
        assert!(same(Period::Year, "2026-01-01", "2026-12-31"));
        assert!(!same(Period::Day, "2026-01-01T23:59:59.999Z", "2026-01-02T00:00:00Z"));
        assert!(same(Period::Hour, "2026-01-01T23:00:00Z", "2026-01-02T00:59:59+01:00"));
    }

    #[test]
    fn within_a_length_of_time_or_since_a_date() {
        let end = Time::parse_moment("2026-03-31T02:00:00Z").unwrap();
        let from = |text: &str| text.parse::<Within>().unwrap().before(end).to_string();
        assert_eq!(from("30d"), "2026-03-01T02:00:00Z");
        assert_eq!(from("1mo"), "2026-02-28T02:00:00Z");
        assert_eq!(from("1y 6mo"), "2024-09-30T02:00:00Z");
        assert_eq!(from("12h"), "2026-03-30T14:00:00Z");
        assert_eq!(from("2026-01-01"), "2026-01-01T00:00:00Z");
        for bad in ["", "soon", "-5d", "30", "2026-13-01"] {
            assert!(bad.parse::<Within>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h 30m", 5400)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "soon", "-5s", "5 apples", "31d", "18446744073709551615"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
