//! Hub, rooms and mailboxes against an oracle: random steps of several clients on two endpoints, through the public surface,
//! after each of which everybody has seen exactly what the oracle predicted, in that order, and the hub counts what it counts.
//!
//! `PROPTEST_CASES=1000 cargo test --package robyn-ws-tests --test model` looks longer than usual. A failure is printed as
//! the shortest sequence of steps that proptest could find; it belongs in a test of its own.

#![expect(
    clippy::needless_pass_by_value,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

mod app;
mod choice;
mod oracle;
mod order;
mod system;

use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

use crate::system::HubTest;

fn config() -> Config {
    Config {
        // The steps are printed, and a seed would lead elsewhere after any change of the choices.
        failure_persistence: None,
        // Among other things, `PROPTEST_CASES`.
        ..Config::default()
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn clients_and_hub_see_what_the_oracle_predicts(sequential 1..40 => HubTest);
}
