//! What the warehouse's traits promise, asked of both warehouses by the same tests.

mod by_keys;
mod columns;
mod concurrent;
mod ground;
mod layers;
mod modes;
mod names;
mod rows;
mod sequences;
mod state;
mod versions;
mod views;

/// Each of these tests once on a lake in a folder of its own, and once on a database of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod delta {
            $( #[test] fn $name() { $crate::contract::ground::on_delta(super::$name) } )*
        }
        mod postgres {
            $( #[test] fn $name() { $crate::contract::ground::on_postgres(stringify!($name), super::$name) } )*
        }
    };
}
use on_both;
