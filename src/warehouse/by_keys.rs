//! Asking a table for keys alone. Who needs no value of the rows that change, only whether others have their keys too, needs no
//! query where the warehouse finds rows by their keys itself.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;

use super::keys::{NO_KEY, comparable};
use super::{RelationName, Staged, WarehouseError};

/// A column of a table, under the name by which it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    pub table: RelationName,
    pub column: String,
}

/// Values of a column as hashes, each once and in order. Null is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    data_type: DataType,
    hashes: Vec<u128>,
}

impl Keys {
    pub fn new(data_type: DataType, mut hashes: Vec<u128>) -> Self {
        hashes.retain(|hash| *hash != NO_KEY);
        hashes.sort_unstable();
        hashes.dedup();
        Keys { data_type, hashes }
    }

    pub fn hashes(&self) -> &[u128] {
        &self.hashes
    }

    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// These and the others.
    pub fn and(&self, others: &Keys) -> Keys {
        Keys::new(self.data_type.clone(), [self.hashes(), others.hashes()].concat())
    }

    /// Whether equal values of the other column have equal hashes.
    pub fn are_like(&self, others: &Keys) -> bool {
        self.are_of(&others.data_type)
    }

    /// Whether equal values of a column of the other type have equal hashes.
    pub fn are_of(&self, data_type: &DataType) -> bool {
        comparable(&self.data_type, data_type)
    }

    /// Those for which the condition holds.
    pub fn filter(&self, mut holds: impl FnMut(usize) -> bool) -> Keys {
        let some = self.hashes.iter().enumerate().filter(|(at, _)| holds(*at));
        Keys { data_type: self.data_type.clone(), hashes: some.map(|(_, hash)| *hash).collect() }
    }

    /// Those that are not among the others.
    pub fn without(&self, others: &Keys) -> Keys {
        let mut others = others.hashes.iter().peekable();
        let mut is_other = |hash: &u128| loop {
            match others.peek().map(|other| (*other).cmp(hash)) {
                Some(Ordering::Less) => others.next(),
                found => return found == Some(Ordering::Equal),
            };
        };
        self.filter(|at| !is_other(&self.hashes[at]))
    }
}

/// Which state of a table is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Published,
    /// As it will be.
    Staged,
}

/// `None` everywhere: the warehouse does not know without reading the rows, which a query does as well.
#[async_trait]
pub trait ByKeys: Send + Sync {
    /// Of the rows that come.
    async fn that_come(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError>;

    /// Of the rows that go. They may come again.
    async fn that_go(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError>;

    /// Of both.
    async fn that_change(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError> {
        let (come, go) = (self.that_come(of).await?, self.that_go(of).await?);
        Ok(come.zip(go).map(|(come, go)| come.and(&go)))
    }

    /// Of the rows that go, where no row has them any more.
    async fn that_left(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError> {
        let (come, go) = (self.that_come(of).await?, self.that_go(of).await?);
        let Some((come, go)) = come.zip(go) else { return Ok(None) };
        // Most rows that go are replaced, and need no look at the table.
        self.missing(of, &go.without(&come)).await
    }

    /// Whether the column is null in a row that comes or goes.
    async fn has_nulls(&self, of: &ColumnName) -> Result<Option<bool>, WarehouseError>;

    /// How many more rows with a null there will be.
    async fn more_nulls(&self, of: &ColumnName) -> Result<Option<i64>, WarehouseError>;

    /// Those of the keys that no row of the table will have.
    async fn missing(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Keys>, WarehouseError>;

    /// How many of the keys more than one row of the table will have.
    async fn repeated(&self, of: &ColumnName, keys: &Keys) -> Result<Option<u64>, WarehouseError>;

    /// The rows of the table as it will be that have one of the keys.
    async fn rows(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError>;

    /// The rows of a table that have one of the keys, with another value in place of each key: equal ones for equal keys. So
    /// they can be grouped without reading the keys.
    async fn grouped_rows(
        &self,
        of: &ColumnName,
        keys: &Keys,
        when: When,
    ) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError>;

    /// Takes out the rows that have one of the keys.
    async fn stage_delete(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Staged>, WarehouseError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn keys(hashes: &[u128]) -> Keys {
        Keys::new(DataType::Int64, hashes.to_vec())
    }

    #[test]
    fn each_key_stands_once_and_null_is_none() {
        assert_eq!(keys(&[7, NO_KEY, 3, 7]).hashes(), [3, 7]);
        assert!(keys(&[NO_KEY]).is_empty());
    }

    proptest! {
        #[test]
        fn keys_without_others_are_a_difference_of_sets(
            some in prop::collection::vec(0u128..40, 0..40),
            others in prop::collection::vec(0u128..40, 0..40),
        ) {
            let set = |keys: &[u128]| keys.iter().copied().filter(|key| *key != NO_KEY).collect::<BTreeSet<_>>();
            let expected: Vec<u128> = set(&some).difference(&set(&others)).copied().collect();
            let left = keys(&some).without(&keys(&others));
            prop_assert_eq!(left.hashes(), expected);
        }
    }
}
