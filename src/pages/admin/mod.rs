//! Pages of the platform: providers, models and their prices, organizations, users, settings.

mod model_dialog;
mod model_prices;
mod models;
mod organizations;
mod plans;
mod price_list;
mod provider_dialog;
mod providers;
mod system;
mod tiers;
mod users;

pub use models::ModelsPage;
pub use organizations::OrganizationsPage;
pub use plans::PlansPage;
pub use price_list::PriceListPage;
pub use providers::ProvidersPage;
pub use system::SystemPage;
pub use tiers::TiersPage;
pub use users::{UserPage, UsersPage};

/// Which dialog the address opens, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Opened {
    None,
    Create,
    Edit(String),
    Delete(String),
    Prices(String),
}

impl Opened {
    /// Reads `?dialog=create`, `?dialog=edit&id=…` and `?dialog=delete&id=…`.
    fn of(query: &leptos_router::params::ParamsMap) -> Self {
        let id = query.get("id").unwrap_or_default();
        match query.get("dialog").as_deref() {
            Some("create") => Self::Create,
            Some("edit") => Self::Edit(id),
            Some("delete") => Self::Delete(id),
            Some("prices") => Self::Prices(id),
            _ => Self::None,
        }
    }
}
