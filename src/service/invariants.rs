//! What must always be true of what is stored, checked by `tallygate doctor` and after every test scenario. Reads everything.

use crate::{
    service::{ServiceError, Services},
    storage,
};

impl Services {
    /// The rules that are broken, in words; empty when all is well. Numbers are those of the list of invariants in
    /// docs/metering.md.
    pub async fn find_broken_invariants(&self) -> Result<Vec<String>, ServiceError> {
        let mut c = self.store.reader().await?;
        let counted = [
            (
                storage::usage::count_wrong_events(&mut c).await?,
                "usage events are in no final state or have amounts below zero (INV-4, INV-16)",
            ),
            (storage::usage::count_wrong_sums(&mut c).await?, "sums of usage are not those of the events (INV-8)"),
            (storage::usage::count_wrong_statistics(&mut c).await?, "rows of statistics are not what the events say (INV-8)"),
            (
                storage::usage::count_wrong_purged(&mut c).await?,
                "days with deleted calls do not add up to what is kept of them (INV-8)",
            ),
            (
                storage::checks::count_stray_keys(&mut c, self.clock.now()).await?,
                "keys work whose person is not in the team, or whose team is gone (INV-12)",
            ),
        ];
        let mut broken: Vec<String> =
            counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, rule)| format!("{count} {rule}")).collect();
        if storage::billing::count_broken_chains(&mut c).await? > 0 {
            broken.push("balances in a ledger do not follow from those before (INV-1)".into());
        }
        let books = storage::billing::compare_books(&mut c).await?;
        broken.extend(books.iter().map(super::billing::difference_words));
        Ok(broken)
    }
}
