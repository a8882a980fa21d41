//! Much that is sent in one turn of the runtime, before anything of it can be written: it arrives in program order, and
//! every client's queue decides for itself.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Server};

/// The most messages in a queue here.
const MOST: usize = 16;

#[websocket("/one_turn/mixed", on = "connect")]
#[websocket("/one_turn/flood", on = "connect")]
fn introduce(ws: &WebSocketConnector) -> String {
    ws.join("room");
    ws.id().to_string()
}

/// Sends by all ways there are, with nothing between them.
#[websocket("/one_turn/mixed", on = "message")]
fn send_by_all_ways(ws: &WebSocketConnector, other: &str) -> Result<&'static str, HandlerError> {
    let other = other.parse()?;
    ws.sync_broadcast("1 to all");
    ws.others().sync_broadcast("2 to the others");
    ws.sync_send_to(other, "3 to one")?;
    ws.to("room").sync_broadcast("4 to the room");
    ws.sync_broadcast("5 to all");
    ws.sync_send("6 to itself")?;
    ws.to("room").to("another").sync_broadcast("7 to two rooms");
    ws.everyone().except(other).sync_broadcast("8 to all but one");
    ws.leave("room");
    ws.to("room").sync_broadcast("9 to the room");
    Ok("10 in reply")
}

/// Tells how many of so many broadcasts were queued, and how many messages dropped.
#[websocket("/one_turn/flood", on = "message")]
fn flood(ws: &WebSocketConnector, count: &str) -> Result<String, HandlerError> {
    let mut all = (0, 0);
    for number in 0..count.parse()? {
        let delivery = ws.others().sync_broadcast(u64::to_string(&number));
        all = (all.0 + delivery.queued, all.1 + delivery.dropped);
    }
    Ok(format!("{all:?}"))
}

async fn clients<const N: usize>(server: &Server, path: &str) -> ([Client; N], Vec<String>) {
    let (mut clients, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..N {
        let mut client = server.connect(path).await;
        ids.push(client.text().await);
        clients.push(client);
    }
    let Ok(clients) = clients.try_into() else {
        unreachable!("there are that many")
    };
    (clients, ids)
}

/// So few that all of it fits into a queue.
const ROUNDS: usize = 20;

async fn everything_arrives_in_program_order() {
    let server = Server::start(App::new()).await;
    let ([mut sender, mut other, mut third], ids) = clients(&server, "/one_turn/mixed").await;
    for _ in 0..ROUNDS {
        sender.send(ids[1].as_str()).await;
    }
    for round in 0..ROUNDS {
        let is_in_room = round == 0;
        let room: &[&str] = if is_in_room { &["4 to the room"] } else { &[] };
        let rooms: &[&str] = if is_in_room { &["7 to two rooms"] } else { &[] };
        let to_sender = [&["1 to all"], room, &["5 to all", "6 to itself"], rooms];
        sender.expect_texts(&to_sender.concat()).await;
        sender.expect_texts(&["8 to all but one", "10 in reply"]).await;
        let to_other = ["1 to all", "2 to the others", "3 to one", "4 to the room", "5 to all"];
        other.expect_texts(&to_other).await;
        other.expect_texts(&["7 to two rooms", "9 to the room"]).await;
        let to_third = ["1 to all", "2 to the others", "4 to the room", "5 to all"];
        third.expect_texts(&to_third).await;
        let to_third = ["7 to two rooms", "8 to all but one", "9 to the room"];
        third.expect_texts(&to_third).await;
    }
}

#[tokio::test]
async fn broadcasts_and_messages_to_one_arrive_in_program_order_at_everyone() {
    everything_arrives_in_program_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broadcasts_and_messages_to_one_arrive_in_program_order_at_everyone_whatever_thread_writes() {
    everything_arrives_in_program_order().await;
}

async fn flooded(overflow: Overflow, count: usize) -> (Server, String, [Client; 2]) {
    let limits = Limits::default().max_outbound_messages(MOST).overflow(overflow);
    let server = Server::start(App::new().limits(limits)).await;
    let ([mut sender, one, other], _ids) = clients(&server, "/one_turn/flood").await;
    sender.send(count.to_string()).await;
    let told = sender.text().await;
    (server, told, [one, other])
}

/// How many broadcasts are tried: up to what fits, and beyond.
const COUNTS: [usize; 6] = [1, MOST / 2, MOST - 1, MOST, MOST + 1, 3 * MOST];

#[tokio::test]
async fn broadcasts_beyond_what_the_queues_take_are_refused_for_each_client_under_drop_newest() {
    for count in COUNTS {
        let (_server, told, clients) = flooded(Overflow::DropNewest, count).await;
        let queued = count.min(MOST);
        assert_eq!(told, format!("{:?}", (2 * queued, 2 * (count - queued))));
        for mut client in clients {
            for number in 0..queued {
                client.expect_text(&number.to_string()).await;
            }
        }
    }
}

#[tokio::test]
async fn broadcasts_beyond_what_the_queues_take_replace_the_oldest_under_drop_oldest() {
    for count in COUNTS {
        let (_server, told, clients) = flooded(Overflow::DropOldest, count).await;
        let dropped = count.saturating_sub(MOST);
        assert_eq!(told, format!("{:?}", (2 * count, 2 * dropped)));
        for mut client in clients {
            for number in dropped..count {
                client.expect_text(&number.to_string()).await;
            }
        }
    }
}

#[tokio::test]
async fn broadcasts_beyond_what_the_queues_take_end_each_client_under_disconnect() {
    for count in COUNTS {
        let (_server, told, clients) = flooded(Overflow::Disconnect, count).await;
        let queued = count.min(MOST);
        let ended = if count > MOST { 2 } else { 0 };
        assert_eq!(told, format!("{:?}", (2 * queued, ended)));
        for mut client in clients {
            for number in 0..queued {
                client.expect_text(&number.to_string()).await;
            }
            if count > MOST {
                client
                    .expect_close(
                        1008,
                        "too slow: exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes",
                    )
                    .await;
            }
        }
    }
}
