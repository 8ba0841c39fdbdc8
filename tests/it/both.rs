//! Tests that run in both warehouses.

/// Each of these tests once on a lake and once on a server.
macro_rules! in_both_places {
    ($($name:ident),* $(,)?) => {
        mod lake {
            $( #[test] fn $name() { super::$name($crate::support::Place::Lake) } )*
        }
        mod postgres {
            $( #[test] fn $name() {
                if $crate::server::shared().is_some() {
                    super::$name($crate::support::Place::Postgres)
                }
            } )*
        }
    };
}
pub(crate) use in_both_places;
