//! What the address of a page with statistics asks for ([`UsageAsked`]), of which place, and in whose zone.

pub use crate::domain::usage_asked::{UsageAsked, UsageGroup, UsagePlace};

#[cfg(feature = "ssr")]
pub use reading::{of, own_zone, parse};

#[cfg(feature = "ssr")]
mod reading {
    use super::{UsageAsked, UsagePlace};
    use crate::{
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
        services.usage_query(caller, of(place), &asked).await
    }
}
