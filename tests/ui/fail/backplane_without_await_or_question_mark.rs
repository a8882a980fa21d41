//! `await` and `?` are forgotten behind a backplane: the errors say where they belong.

use robyn_ws::prelude::*;

fn without_await() -> App {
    App::new().backplane(Nats::connect("nats://127.0.0.1:4222"))
}

async fn without_question_mark() -> App {
    App::new().backplane(Nats::connect("nats://127.0.0.1:4222").await)
}

fn of_a_prefix(redis: Redis) -> App {
    App::new().backplane(redis.prefix("chat"))
}

fn of_a_publisher() -> Publisher {
    Publisher::new(Nats::connect_lazy("nats://127.0.0.1:4222"))
}

fn main() {
    drop((without_await(), without_question_mark(), of_a_publisher(), of_a_prefix));
}
