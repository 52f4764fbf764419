//! What the address of a page with statistics asks for ([`UsageAsked`]), of which place, and in whose zone.

pub use crate::domain::usage_asked::{UsageAsked, UsageGroup, UsagePlace};

#[cfg(feature = "ssr")]
pub use reading::{of, own_zone, parse};

#[cfg(feature = "ssr")]
mod reading {
    use super::{UsageAsked, UsagePlace};
    use crate::{
        domain::{
            time::{DAY_MS, HOUR_MS},
            usage_range::FINEST_MS,
        },
        server_fns::http,
        service::{
            Caller, ServiceError, Services,
            usage::{
                statistics::{StatisticsQuery, UsageOf},
                zones::Zone,
            },
        },
    };

    /// Named by the browser on its first visit: which zone it is in.
    const ZONE: &str = "zone";

    /// The zone that the browser has named; empty where it named none.
    pub fn own_zone() -> String {
        http::cookie(ZONE).filter(|name| Zone::parse(name).is_ok()).unwrap_or_default()
    }

    /// Whose statistics a place has.
    pub fn of(place: &UsagePlace) -> UsageOf<'_> {
        match place {
            UsagePlace::Team(team) => UsageOf::Team(team),
            UsagePlace::Organization(org) => UsageOf::Organization(org),
            UsagePlace::Platform => UsageOf::Platform,
        }
    }

    /// What an address asks for: 28 days unless it says otherwise, in the zone that it names, else in the browser's, else in UTC.
    pub async fn parse(
        services: &Services,
        caller: &Caller,
        place: &UsagePlace,
        mut asked: UsageAsked,
    ) -> Result<StatisticsQuery, ServiceError> {
        if [&asked.range, &asked.from, &asked.to].iter().all(|text| text.is_empty()) {
            asked.range = "28d".to_owned();
        }
        if asked.zone.is_empty() {
            asked.zone = own_zone();
        }
        let mut query = services.usage_query(caller, of(place), &asked).await?;
        if asked.bucket.is_empty() {
            let interval = interval(query.range.to.since(query.range.from));
            (query.range.bucket_ms, query.previous.bucket_ms) = (interval, interval);
        }
        Ok(query)
    }

    /// Intervals that people think in: days of weeks, hours of days.
    fn interval(length_ms: i64) -> i64 {
        let longest = [(4 * HOUR_MS, FINEST_MS), (2 * DAY_MS, HOUR_MS), (120 * DAY_MS, DAY_MS)];
        longest.into_iter().find(|(longest, _)| length_ms <= *longest).map_or(7 * DAY_MS, |(_, interval)| interval)
    }
}
