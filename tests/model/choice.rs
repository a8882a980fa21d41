//! Which steps are tried: the next ones that are possible, each kind by its weight.

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use proptest_state_machine::ReferenceStateMachine;
use robyn_ws::Overflow;

use crate::{
    app::{ENDPOINTS, OUTBOUND_MESSAGES, ROOMS_PER_CONNECTION},
    oracle::{Client, Connection, Number, Oracle, Step},
    order::{Burst, Order, Reach, Room},
};

/// The most connections at once. More would find nothing that these do not.
const CONNECTIONS: usize = 6;

/// The rooms there are. One more than a connection can be in.
#[expect(clippy::cast_possible_truncation, reason = "there are three")]
const ROOMS: u8 = ROOMS_PER_CONNECTION as u8 + 1;

/// Codes that both sides may send (RFC 6455 section 7.4).
const CODES: [u16; 3] = [1000, 3000, 4999];

/// The oracle as proptest's state machine.
#[derive(Debug)]
pub(crate) struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Oracle;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Oracle> {
        let policies = vec![Overflow::Disconnect, Overflow::DropNewest, Overflow::DropOldest];
        select(policies).prop_map(Oracle::new).boxed()
    }

    fn transitions(oracle: &Oracle) -> BoxedStrategy<Step> {
        let all = oracle.connections.len();
        let chosen = |wanted: fn(&Connection) -> bool| numbers(oracle, wanted);
        let endpoint = || 0..ENDPOINTS.len();
        let mut kinds: Vec<(u32, BoxedStrategy<Step>)> = Vec::new();
        if chosen(is_present).len() < CONNECTIONS {
            kinds.push((4, endpoint().prop_map(Step::Connect).boxed()));
        }
        let for_hub = (endpoint(), order_for_hub(all)).prop_map(|(endpoint, order)| Step::AskHub(endpoint, order));
        kinds.push((4, for_hub.boxed()));
        for_each_of(&mut kinds, 14, chosen(Connection::is_fluent), |numbers| {
            let asked = (select(numbers), order_for_handler(all));
            asked.prop_map(|(number, order)| Step::Ask(number, order)).boxed()
        });
        for_each_of(&mut kinds, 1, chosen(says_close), |numbers| {
            let closed = (select(numbers), select(&CODES[..]));
            closed.prop_map(|(number, code)| Step::Close(number, code)).boxed()
        });
        for_each_of(&mut kinds, 1, chosen(is_present), |numbers| {
            select(numbers).prop_map(Step::Vanish).boxed()
        });
        for_each_of(&mut kinds, 2, chosen(Connection::is_fluent), |numbers| {
            select(numbers).prop_map(Step::Stall).boxed()
        });
        for_each_of(&mut kinds, 2, chosen(is_stalled), |numbers| {
            select(numbers).prop_map(Step::Resume).boxed()
        });
        Union::new_weighted(kinds).boxed()
    }

    fn apply(mut oracle: Oracle, step: &Step) -> Oracle {
        oracle.take(step);
        oracle
    }

    /// What is chosen above is possible. While proptest makes a failure shorter, it leaves out steps.
    fn preconditions(oracle: &Oracle, step: &Step) -> bool {
        let is = |number: Number, wanted: fn(&Connection) -> bool| oracle.connections.get(number).is_some_and(wanted);
        match step {
            Step::Connect(_) => true,
            Step::AskHub(_, order) => mentioned(order).all(|number| number < oracle.connections.len()),
            Step::Ask(number, order) => {
                is(*number, Connection::is_fluent) && mentioned(order).all(|number| number < oracle.connections.len())
            }
            Step::Stall(number) => is(*number, Connection::is_fluent),
            Step::Close(number, _) => is(*number, says_close),
            Step::Vanish(number) => is(*number, is_present),
            Step::Resume(number) => is(*number, is_stalled),
        }
    }
}

/// Whether there is a client that has not seen the end.
fn is_present(connection: &Connection) -> bool {
    connection.client == Client::Stalled || connection.is_fluent()
}

fn says_close(connection: &Connection) -> bool {
    is_present(connection) && connection.is_member()
}

fn is_stalled(connection: &Connection) -> bool {
    connection.client == Client::Stalled
}

fn numbers(oracle: &Oracle, wanted: fn(&Connection) -> bool) -> Vec<Number> {
    let numbered = oracle.connections.iter().enumerate();
    numbered
        .filter(|(_, connection)| wanted(connection))
        .map(|(number, _)| number)
        .collect()
}

/// Adds a kind of step that needs one of `numbers`, if there is any.
fn for_each_of(
    kinds: &mut Vec<(u32, BoxedStrategy<Step>)>,
    weight: u32,
    numbers: Vec<Number>,
    step: impl FnOnce(Vec<Number>) -> BoxedStrategy<Step>,
) {
    if !numbers.is_empty() {
        kinds.push((weight, step(numbers)));
    }
}

/// The connections that an order names.
fn mentioned(order: &Order<Number>) -> impl Iterator<Item = Number> {
    let mut numbers = Vec::new();
    let mut orders = vec![order];
    while let Some(order) = orders.pop() {
        match order {
            Order::Send { to, .. } => numbers.push(*to),
            Order::Close { whom, .. } => numbers.push(*whom),
            Order::Broadcast { except, .. } => numbers.extend(except),
            Order::Join(_) | Order::Leave(_) | Order::CloseMyself { .. } => {}
            Order::Several(several) => orders.extend(several),
        }
    }
    numbers.into_iter()
}

// ---- orders -----------------------------------------------------------------------------------------------------------

/// An order for a handler; `all` is how many connections can be named.
fn order_for_handler(all: usize) -> BoxedStrategy<Order<Number>> {
    Union::new_weighted(vec![
        (8, task_for_handler(all, burst().boxed())),
        (8, several(|number| task_for_handler(all, single(number)))),
        (
            1,
            select(&CODES[..]).prop_map(|code| Order::CloseMyself { code }).boxed(),
        ),
    ])
    .boxed()
}

fn task_for_handler(all: usize, burst: BoxedStrategy<Burst>) -> BoxedStrategy<Order<Number>> {
    let others = vec![
        (1, Just(Reach::Others).boxed()),
        (1, rooms().prop_map(Reach::OthersIn).boxed()),
    ];
    Union::new_weighted(vec![
        (4, room().prop_map(Order::Join).boxed()),
        (1, room().prop_map(Order::Leave).boxed()),
        (3, send(all, burst.clone())),
        (5, broadcast(all, others, burst)),
    ])
    .boxed()
}

fn order_for_hub(all: usize) -> BoxedStrategy<Order<Number>> {
    let several = several(|number| task_for_hub(all, single(number)));
    Union::new_weighted(vec![(1, task_for_hub(all, burst().boxed())), (1, several)]).boxed()
}

fn task_for_hub(all: usize, burst: BoxedStrategy<Burst>) -> BoxedStrategy<Order<Number>> {
    let mut kinds = vec![(4, broadcast(all, Vec::new(), burst.clone()))];
    if all > 0 {
        let close = (0..all, select(&CODES[..])).prop_map(|(whom, code)| Order::Close { whom, code });
        kinds.extend([(2, send(all, burst)), (1, close.boxed())]);
    }
    Union::new_weighted(kinds).boxed()
}

/// Orders with a message each, which together are no more than what fits into an empty queue.
fn several(task: impl Fn(usize) -> BoxedStrategy<Order<Number>>) -> BoxedStrategy<Order<Number>> {
    let tasks: Vec<_> = (1..=OUTBOUND_MESSAGES).map(task).collect();
    let all = (tasks, 2..=OUTBOUND_MESSAGES);
    all.prop_map(|(mut orders, some)| {
        orders.truncate(some);
        Order::Several(orders)
    })
    .boxed()
}

fn send(all: usize, burst: BoxedStrategy<Burst>) -> BoxedStrategy<Order<Number>> {
    (0..all, burst)
        .prop_map(|(to, burst)| Order::Send { to, burst })
        .boxed()
}

fn broadcast(
    all: usize,
    mut reaches: Vec<(u32, BoxedStrategy<Reach>)>,
    burst: BoxedStrategy<Burst>,
) -> BoxedStrategy<Order<Number>> {
    reaches.extend([
        (2, Just(Reach::Everyone).boxed()),
        (3, rooms().prop_map(Reach::Rooms).boxed()),
        (1, rooms().prop_map(Reach::EveryoneIn).boxed()),
    ]);
    // Nobody can be left out while there is nobody.
    let except = vec(0..all.max(1), 0..3.min(all + 1));
    (Union::new_weighted(reaches), except, burst)
        .prop_map(|(to, except, burst)| Order::Broadcast { to, except, burst })
        .boxed()
}

fn room() -> impl Strategy<Value = Room> {
    (0..ROOMS).prop_map(Room)
}

fn rooms() -> impl Strategy<Value = Vec<Room>> {
    vec(room(), 1..4)
}

/// No longer than what fits into an empty queue, whenever it is written.
fn burst() -> impl Strategy<Value = Burst> {
    (1..=OUTBOUND_MESSAGES, any::<bool>()).prop_map(|(messages, waits)| Burst {
        number: 1,
        messages,
        waits,
    })
}

/// One message, the one of this number in its turn.
fn single(number: usize) -> BoxedStrategy<Burst> {
    any::<bool>()
        .prop_map(move |waits| Burst {
            number,
            messages: 1,
            waits,
        })
        .boxed()
}
