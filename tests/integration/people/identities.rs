//! The identity of a connection, and the audience of all connections of a person.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Gate, Probe, Seen, Server, probe, until};

static PEOPLE: SubRouter = SubRouter::new("/people");

/// Each word of a message is a command.
#[websocket("/chat", on = "message", router = PEOPLE)]
#[websocket("/news", on = "message", router = PEOPLE)]
async fn command(ws: WebSocketConnector, hub: Hub, msg: &str) -> Result<String, HandlerError> {
    let (command, what) = msg.split_once(' ').unwrap_or((msg, ""));
    Ok(match command {
        "am" => {
            let Identified {
                count, is_identified, ..
            } = ws.identify(what);
            format!("{is_identified} {count}")
        }
        "who" => ws
            .identity()
            .map_or("nobody".to_owned(), |identity| identity.to_string()),
        "join" => ws.join(what).is_member.to_string(),
        "tell" => {
            ws.sync_send("before")?;
            hub.identity(what).sync_broadcast("told");
            hub.identity(what).async_broadcast("told again").await;
            "after".to_owned()
        }
        "close" => {
            ws.close();
            let Identified {
                count, is_identified, ..
            } = ws.identify(what);
            format!("{is_identified} {count}")
        }
        "panic" => panic!("a panic of the test"),
        "here" => ws
            .everyone()
            .identities()
            .iter()
            .map(Identity::as_str)
            .collect::<Vec<_>>()
            .join(","),
        other => panic!("unknown command {other}"),
    })
}

#[websocket("/chat", on = "close", router = PEOPLE)]
fn gone(ws: &WebSocketConnector, hub: Hub, probe: Global<Probe>) {
    let identity = ws.identity();
    let left = identity.as_ref().map(|identity| hub.identity(identity).count());
    probe.note(format!("{:?} {left:?}", identity.as_ref().map(Identity::as_str)));
}

static LATE: SubRouter = SubRouter::new("/people_late");

/// Tells its own person something after the gate, in each way, and another person, too.
#[websocket("/{user}", on = "message", router = LATE)]
async fn tell_late(ws: WebSocketConnector, hub: Hub, gate: Global<Gate>, probe: Global<Probe>, msg: String) -> String {
    probe.note("waits");
    gate.pass().await;
    let own = hub.identity(&*msg);
    let queued = [
        own.sync_broadcast("sync").queued,
        own.async_broadcast("async").await.queued,
        own.clone().keyed("key").sync_broadcast("keyed").queued,
        own.clone()
            .keyed("other key")
            .async_broadcast("keyed, async")
            .await
            .queued,
        own.clone().to("red").sync_broadcast("red").queued,
        own.clone().to("red").keyed("red").sync_broadcast("red, keyed").queued,
        own.clone().to("blue").sync_broadcast("blue").queued,
        own.clone().except(ws.id()).sync_broadcast("except").queued,
        hub.identity("nobody").sync_broadcast("nobody").queued,
    ];
    probe.note(format!("{queued:?} of {}", own.count()));
    "after".to_owned()
}

#[websocket("/{user}", on = "connect", router = LATE)]
fn come_late(ws: &WebSocketConnector, Path(user): Path<String>) -> &'static str {
    ws.identify(user);
    ws.join("red");
    "in"
}

#[websocket("/{user}", on = "close", router = LATE)]
fn go_late(hub: Hub, Path(user): Path<String>, probe: Global<Probe>) {
    let queued = hub.identity(user).sync_broadcast("from close").queued;
    probe.note(format!("closed, {queued}"));
}

#[tokio::test]
async fn broadcast_to_the_senders_own_identity_reaches_it_after_its_close_like_every_other_broadcast() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new().inject_global(probe).inject_global(gate.clone());
    let server = Server::start(app.include_router(&LATE)).await;
    let own = ["sync", "async", "keyed", "keyed, async", "red", "red, keyed"];
    for others in [0, 1] {
        let mut other_tabs = Vec::new();
        for _ in 0..others {
            let mut tab = server.connect("/people_late/ann").await;
            tab.expect_text("in").await;
            other_tabs.push(tab);
        }
        let mut client = server.connect("/people_late/ann").await;
        client.expect_text("in").await;
        client.send("ann").await;
        seen.expect("waits").await;
        client.close(1000, "").await;
        let endpoint = server.hub().endpoint("/people_late/{user}");
        until("the client has left", || endpoint.count() == others).await;
        gate.open();
        client.expect_texts(&own).await;
        client.expect_text("after").await;
        client.expect_close(1000, "").await;
        let (all, rest) = (others + 1, others);
        seen.expect(&format!(
            "[{all}, {all}, {all}, {all}, {all}, {all}, 0, {rest}, 0] of {others}"
        ))
        .await;
        seen.expect(&format!("closed, {others}")).await;
        for mut tab in other_tabs {
            tab.expect_texts(&own).await;
            tab.expect_texts(&["except", "from close"]).await;
            tab.leave().await;
            seen.expect("closed, 0").await;
        }
    }
}

async fn start(limits: Limits) -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).limits(limits).include_router(&PEOPLE);
    (Server::start(app).await, seen)
}

/// Connects a client that is this person, who then has this many connections.
async fn person(server: &Server, path: &str, name: &str, count: usize) -> Client {
    let mut client = server.connect(path).await;
    client.ask("who", "nobody").await;
    client.ask(format!("am {name}"), &format!("true {count}")).await;
    client.ask("who", name).await;
    client
}

#[tokio::test]
async fn broadcast_to_an_identity_reaches_all_its_connections_on_every_endpoint_and_nobody_else() {
    let (server, _seen) = start(Limits::default()).await;
    let mut tab = person(&server, "/people/chat", "u17", 1).await;
    let mut other_tab = person(&server, "/people/chat", "u17", 2).await;
    let mut elsewhere = person(&server, "/people/news", "u17", 3).await;
    let mut stranger = person(&server, "/people/chat", "u18", 1).await;
    let mut nobody = server.connect("/people/chat").await;

    let u17 = server.hub().identity("u17");
    let mut ids = u17.ids();
    ids.sort();
    ids.dedup();
    assert_eq!((u17.count(), ids.len()), (3, 3));
    assert_eq!(u17.sync_broadcast("now").queued, 3);
    assert_eq!(u17.async_broadcast("and then").await.queued, 3);
    assert_eq!(u17.clone().except(ids[0]).except(ids[1]).count(), 1);
    for client in [&mut tab, &mut other_tab, &mut elsewhere] {
        client.expect_texts(&["now", "and then"]).await;
    }
    assert_eq!(server.hub().identity("u19").sync_broadcast("to nobody").queued, 0);
    stranger.ask("who", "u18").await;
    nobody.ask("who", "nobody").await;
}

#[tokio::test]
async fn rooms_and_exceptions_narrow_the_audience_of_an_identity() {
    let (server, _seen) = start(Limits::default()).await;
    let mut tab = person(&server, "/people/chat", "u17", 1).await;
    let mut other_tab = person(&server, "/people/chat", "u17", 2).await;
    let mut elsewhere = person(&server, "/people/news", "u17", 3).await;
    tab.ask("join red", "true").await;
    elsewhere.ask("join red", "true").await;
    elsewhere.ask("join blue", "true").await;

    let red = server.hub().identity("u17").to("red");
    assert_eq!((red.count(), red.sync_broadcast("to red").queued), (2, 2));
    let union = red.to("blue");
    assert_eq!((union.count(), union.ids().len()), (2, 2));
    assert_eq!(server.hub().identity("u17").to("green").count(), 0);
    tab.expect_text("to red").await;
    elsewhere.expect_text("to red").await;
    other_tab.ask("who", "u17").await;
}

#[tokio::test]
async fn audience_names_each_of_its_identities_once() {
    let (server, _seen) = start(Limits::default()).await;
    let mut one = person(&server, "/people/chat", "u2", 1).await;
    let mut other = person(&server, "/people/chat", "u1", 1).await;
    let _tab = person(&server, "/people/chat", "u2", 2).await;
    let _elsewhere = person(&server, "/people/news", "u3", 1).await;
    let mut nobody = server.connect("/people/chat").await;
    nobody.ask("here", "u1,u2").await;
    one.ask("join red", "true").await;
    nobody.ask("join red", "true").await;
    let chat = server.hub().endpoint("/people/chat");
    let names = |audience: Audience| {
        audience
            .identities()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(chat.to("red")), ["u2"]);
    assert_eq!(names(chat.to("nowhere")), [""; 0]);
    assert_eq!(names(chat.everyone().except(one_id(&server, "u1"))), ["u2"]);
    assert_eq!(names(server.hub().identity("u3")), ["u3"]);
    assert_eq!(names(server.hub().identity("u4")), [""; 0]);
    other.ask("here", "u1,u2").await;
}

#[tokio::test]
async fn identities_are_their_texts_in_json() {
    let (server, _seen) = start(Limits::default()).await;
    let _one = person(&server, "/people/chat", "u1", 1).await;
    let people = server.hub().endpoint("/people/chat").everyone().identities();
    let json = Message::json(&people).expect("texts are JSON");
    assert_eq!(json.as_text(), Some(r#"["u1"]"#));
    assert_eq!(
        json.parse_json::<Vec<Identity>>().expect("texts are identities"),
        people
    );
    assert!(Message::from("[17]").parse_json::<Vec<Identity>>().is_err());
}

fn one_id(server: &Server, name: &str) -> ConnectionId {
    server.hub().identity(name).ids()[0]
}

#[tokio::test]
async fn closing_an_identity_closes_all_its_connections_with_the_code() {
    let (server, mut seen) = start(Limits::default()).await;
    let mut tab = person(&server, "/people/chat", "u17", 1).await;
    let mut elsewhere = person(&server, "/people/news", "u17", 2).await;
    let mut stranger = person(&server, "/people/chat", "u18", 1).await;
    let u17 = server.hub().identity("u17");
    assert_eq!(u17.sync_broadcast("the last word").queued, 2);
    assert_eq!(u17.close_with(4401, "revoked"), 2);
    assert_eq!(
        (u17.count(), u17.sync_broadcast("too late").queued, u17.close()),
        (0, 0, 0)
    );
    for client in [&mut tab, &mut elsewhere] {
        client.expect_text("the last word").await;
        client.expect_close(4401, "revoked").await;
    }
    seen.expect(r#"Some("u17") Some(0)"#).await;
    assert_eq!(server.hub().identity("u18").close(), 1);
    stranger.expect_close(1000, "").await;
}

#[tokio::test]
async fn new_identity_replaces_the_one_before() {
    let (server, mut seen) = start(Limits::default()).await;
    let mut one = person(&server, "/people/chat", "u17", 1).await;
    let mut other = person(&server, "/people/chat", "u17", 2).await;
    one.ask("am u17", "true 2").await;
    one.ask("am u18", "true 1").await;
    one.ask("who", "u18").await;
    let count = |name: &str| server.hub().identity(name).count();
    assert_eq!((count("u17"), count("u18")), (1, 1));
    other.ask("am u18", "true 2").await;
    assert_eq!((count("u17"), count("u18")), (0, 2));
    other.leave().await;
    seen.expect(r#"Some("u18") Some(1)"#).await;
    one.ask("am u17", "true 1").await;
    assert_eq!((count("u17"), count("u18")), (1, 0));
}

#[tokio::test]
async fn identity_ends_with_the_connection_however_it_ends_and_its_close_handler_still_sees_it() {
    let (server, mut seen) = start(Limits::default().max_message_size(100)).await;
    let after = r#"Some("u17") Some(0)"#;
    let u17 = server.hub().identity("u17");

    person(&server, "/people/chat", "u17", 1).await.leave().await;
    seen.expect(after).await;
    drop(person(&server, "/people/chat", "u17", 1).await);
    seen.expect(after).await;
    let mut closed = person(&server, "/people/chat", "u17", 1).await;
    closed.ask("close u18", "false 0").await;
    closed.expect_close(1000, "").await;
    seen.expect(after).await;
    assert_eq!(server.hub().identity("u18").count(), 0, "who has left gets no identity");
    let mut panicking = person(&server, "/people/chat", "u17", 1).await;
    panicking.send("panic").await;
    panicking.expect_close(1011, "").await;
    seen.expect(after).await;
    let mut too_big = person(&server, "/people/chat", "u17", 1).await;
    too_big.send("x".repeat(101)).await;
    seen.expect(after).await;
    until("all to be gone", || server.hub().count() == 0).await;
    assert_eq!((u17.count(), u17.ids()), (0, vec![]));
}

#[tokio::test]
async fn connector_of_an_ended_connection_gets_no_identity() {
    let (server, mut seen) = start(Limits::default()).await;
    let client = person(&server, "/people/chat", "u17", 1).await;
    let id = one_id(&server, "u17");
    let connector = server.hub().endpoint("/people/chat").connector(id);
    let connector = connector.expect("the connection is open");
    client.leave().await;
    seen.next().await;
    until("its end", || server.hub().count() == 0).await;
    let Identified {
        count, is_identified, ..
    } = connector.identify("u17");
    assert_eq!((count, is_identified), (0, false));
    assert_eq!(server.hub().identity("u17").count(), 0);
}

#[tokio::test]
async fn identity_over_its_limit_closes_the_connection() {
    let (server, mut seen) = start(Limits::default().max_identity_size(4)).await;
    let mut client = person(&server, "/people/chat", "four", 1).await;
    client.ask("am fiver", "false 0").await;
    client
        .expect_close(
            1008,
            "the identity has 5 bytes, more than the 4 of `Limits::max_identity_size`",
        )
        .await;
    seen.expect(r#"Some("four") Some(0)"#).await;
    assert_eq!(server.hub().identity("fiver").count(), 0);
}

#[tokio::test]
async fn what_a_handler_sends_to_itself_by_its_identity_comes_in_program_order() {
    let (server, _seen) = start(Limits::default()).await;
    let mut one = person(&server, "/people/chat", "u17", 1).await;
    for _ in 0..3 {
        one.send("tell u17").await;
        one.expect_texts(&["before", "told", "told again", "after"]).await;
    }
    let everyone = server.hub().endpoint("/people/chat");
    let u17 = server.hub().identity("u17");
    for number in 0..100 {
        let audience = if number % 3 == 0 { &u17 } else { &everyone.everyone() };
        assert_eq!(audience.sync_broadcast(number.to_string()).queued, 1);
    }
    for number in 0..100 {
        one.expect_text(&number.to_string()).await;
    }
}

#[tokio::test]
async fn identity_can_be_taken_before_the_app_is_built_and_belongs_to_its_app() {
    let (early, hub) = {
        let app = App::new();
        (app.hub().identity("u17"), app)
    };
    assert_eq!((early.count(), early.sync_broadcast("to nobody").queued), (0, 0));
    let (probe, _seen) = probe();
    let server = Server::start(hub.inject_global(probe).include_router(&PEOPLE)).await;
    let (other_app, _other_seen) = start(Limits::default()).await;
    let _one = person(&server, "/people/chat", "u17", 1).await;
    let _other = person(&other_app, "/people/chat", "u17", 1).await;
    assert_eq!(early.count(), 1);
}
