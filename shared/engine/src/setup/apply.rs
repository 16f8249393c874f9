//! Putting a bundle into a store, and taking one out.

use harkara_domain::{FlowId, StoreId};

use super::{Setup, SetupError};
use crate::{
    keys,
    ownership::{Act, Bundle, Difference, FlowState, Kind, Sheet, Wish},
    port::Query,
    record::{all, decode},
};

impl Setup {
    /// Makes a store be as a bundle says, and tells what was done. Whatever is wrong with any file keeps all
    /// of it from being done. Doing it again does nothing; so what a fault of the table has kept from being
    /// done is done by the next time.
    ///
    /// # Errors
    /// As [`Setup::compare`], and when something cannot be written.
    pub async fn apply(
        &self,
        store: &StoreId,
        bundle: &Bundle,
        wish: Wish,
        by: &str,
    ) -> Result<Vec<Difference>, SetupError> {
        let differences = self.compare(store, bundle, wish).await?;
        // Templates before the flows that need them, and room is made before it is taken.
        for change in differences.iter().filter(|change| change.kind == Kind::Template) {
            if let Some(text) = &change.after {
                self.template(store, text, by).await?;
            }
        }
        for change in differences.iter().filter(|change| change.acts.contains(&Act::Archive)) {
            self.archive(store, &FlowId::new(change.name.as_str()), by).await?;
        }
        for change in differences.iter().filter(|change| change.kind == Kind::Flow && change.file.is_some()) {
            self.apply_flow(store, change, bundle, by).await?;
        }
        Ok(differences)
    }

    async fn apply_flow(
        &self,
        store: &StoreId,
        change: &Difference,
        bundle: &Bundle,
        by: &str,
    ) -> Result<(), SetupError> {
        let id = FlowId::new(change.name.as_str());
        let sheet = bundle.flows.iter().find(|sheet| Some(&sheet.file) == change.file.as_ref());
        let held = self.head(store, &id).await?;
        if held.as_ref().is_some_and(|held| held.value.state == FlowState::Archived) {
            self.restore(store, &id, by).await?;
        }
        if let Some(sheet) = sheet {
            self.flow(store, &sheet.text, by).await?;
        }
        if change.acts.contains(&Act::Activate) {
            self.resume(store, &id, by).await?;
        }
        Ok(())
    }

    /// A store's templates and its flows that are not archived, as the files that [`Setup::apply`] finds the
    /// same.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn export(&self, store: &StoreId) -> Result<Bundle, SetupError> {
        let kept = self.heads(store).await?.into_iter().filter(|head| head.state != FlowState::Archived);
        let flows = kept.map(|head| Sheet { file: format!("{}.yaml", head.id), text: head.text }).collect();
        let prefix = keys::template(store, "").sk;
        let query = Query::partition(keys::store_partition(store)).prefix(&prefix);
        let mut templates = Vec::new();
        for item in all(&*self.table, query).await? {
            let name = item.key.sk.get(prefix.len()..).unwrap_or_default();
            let text = decode::<String>(&item)?.value;
            templates.push(Sheet { file: format!("templates/{name}.yaml"), text });
        }
        Ok(Bundle { flows, templates })
    }
}
