//! Every example is started as a program and driven over everything it shows, as its reader would.

#[cfg(target_os = "linux")]
mod examples_many;
mod examples_support;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use robyn_ws::ConnectionId;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::examples_support::{Answer, Client, Example, names, run_to_its_end, servers, source};

const TO_SELF: &str = "This is a message to self";

// ---- echo ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn echo_echoes_text_and_binary() {
    let example = Example::start("echo").await;
    let mut client = example.connect("/").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "hi");
    client.say(vec![0, 255]).await;
    assert_eq!(client.next().await, Message::binary(vec![0, 255]));
    example.stop().await;
}

// ---- metrics ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn metrics_tell_of_upgrades_connections_and_messages() {
    let example = Example::start("metrics").await;
    let mut client = example.connect("/echo").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "hi");
    let metrics = example.get("/metrics").await.body;
    for line in [
        r#"robyn_ws_connections{endpoint="/echo"} 1"#,
        r#"robyn_ws_upgrades_total{endpoint="/echo",status="101"} 1"#,
        r#"robyn_ws_messages_received_total{endpoint="/echo"} 1"#,
        r#"robyn_ws_received_bytes_total{endpoint="/echo"} 2"#,
    ] {
        assert!(metrics.lines().any(|seen| seen == line), "`{line}` in:\n{metrics}");
    }
    example.stop().await;
}

// ---- signals ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn whoever_says_that_it_listens_ends_in_order_from_then_on() {
    for _ in 0..20 {
        Example::start("echo").await.stop().await;
    }
}

// ---- spans --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn spans_are_printed_with_their_times_and_without_the_query() {
    let example = Example::start("spans").await;
    let mut client = example.connect("/orders?token=secret").await;
    client.say("tea").await;
    assert_eq!(client.text().await, "one tea");
    assert_eq!(client.leave().await, []);
    let log = example.stop().await;
    let handler = r#"ws.message{event="message" handler="order"}"#;
    for (words, more) in [
        ("ordered what=\"tea\"", handler),
        ("close time.busy=", handler),
        (
            "gone reason=closed by the client",
            r#"ws.message{event="close" handler="gone"}"#,
        ),
    ] {
        let line = log.lines().find(|line| line.contains(words) && line.contains(more));
        let line = line.unwrap_or_else(|| panic!("no `{words}` in `{more}` in:\n{log}"));
        assert!(line.contains("ws.connection{id="), "{line}");
        assert!(line.contains("endpoint=/orders peer=127.0.0.1:"), "{line}");
    }
    assert!(!log.contains("secret"), "{log}");
}

// ---- web_socket: the page of Robyn's documentation ----------------------------------------------------------------

#[tokio::test]
async fn web_socket_greets_answers_and_says_goodbye() {
    let example = Example::start("web_socket").await;
    let mut client = example.connect("/web_socket").await;
    assert_eq!(client.text().await, "Connected to ws");
    client.say("hi").await;
    assert_eq!(client.text().await, "Hello world, from ws");
    assert_eq!(client.leave().await, [Message::text("Goodbye world, from ws")]);
    example.stop().await;
}

#[tokio::test]
async fn web_socket_sends_to_self_and_to_nobody_else() {
    let example = Example::start("web_socket").await;
    for path in ["/sync_send_to", "/async_send_to"] {
        let mut client = example.connect(path).await;
        let bystander = example.connect(path).await;
        client.say("hi").await;
        assert_eq!(client.text().await, TO_SELF, "{path}");
        assert_eq!(bystander.leave().await, [], "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn web_socket_keeps_a_state_for_each_connection() {
    let example = Example::start("web_socket").await;
    for _connection in 0..2 {
        let mut client = example.connect("/async_send_to").await;
        for number in 1..=2 {
            client.say("hi").await;
            assert_eq!(client.text().await, TO_SELF);
            assert_eq!(client.text().await, format!("You have sent {number} so far"));
        }
    }
    example.stop().await;
}

#[tokio::test]
async fn web_socket_broadcasts_to_everyone_on_the_endpoint_and_to_nobody_elsewhere() {
    let example = Example::start("web_socket").await;
    for path in ["/sync_broadcast", "/async_broadcast"] {
        let mut sender = example.connect(path).await;
        let mut receiver = example.connect(path).await;
        let elsewhere = example.connect("/close").await;
        sender.say("hi").await;
        assert_eq!(sender.text().await, TO_SELF, "{path}");
        assert_eq!(receiver.text().await, TO_SELF, "{path}");
        for client in [sender, receiver, elsewhere] {
            assert_eq!(client.leave().await, [], "{path}");
        }
    }
    example.stop().await;
}

#[tokio::test]
async fn web_socket_authorizes_gordon_by_his_decoded_query() {
    const PATH: &str = "/query_params";
    const NEWS: &str = "Gordon authorized to login!";

    let example = Example::start("web_socket").await;
    let mut listener = example.connect(PATH).await;
    for query in [
        "?name=gordon&desg=commissioner",
        "?desg=comm%69ssioner&name=joker&name=gordon",
    ] {
        let mut gordon = example.connect(&format!("{PATH}{query}")).await;
        gordon.say("hi").await;
        assert_eq!(gordon.text().await, NEWS, "{query}");
        assert_eq!(listener.text().await, NEWS, "{query}");
    }
    for query in ["", "?name=gordon", "?name=joker&desg=commissioner"] {
        let stranger = example.connect(&format!("{PATH}{query}")).await;
        stranger.say("hi").await;
        assert_eq!(stranger.leave().await, [], "{query}");
    }
    assert_eq!(listener.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn web_socket_closes_when_told_to_disconnect() {
    let example = Example::start("web_socket").await;
    let mut client = example.connect("/close").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "Message received");
    client.say("disconnect").await;
    assert_eq!(client.text().await, "Closing connection");
    assert_eq!(client.closed().await, (1000, String::new()));
    example.stop().await;
}

#[tokio::test]
async fn web_socket_serves_a_page_that_offers_every_endpoint() {
    let example = Example::start("web_socket").await;
    let page = page(&example).await;
    assert_eq!(example.endpoints().len(), 7);
    for path in example.endpoints() {
        assert!(page.contains(&format!("path: \"{path}\"")), "the page lacks {path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn web_socket_tells_its_clients_when_it_stops() {
    let example = Example::start("web_socket").await;
    let client = example.connect("/close").await;
    example.ask_to_stop().await;
    assert_eq!(client.closed().await.0, 1001);
    example.ended().await;
}

/// Loads the page at `/`, and checks what holds for each of them.
async fn page(example: &Example) -> String {
    let Answer { status, head, body } = example.get("/").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    for elsewhere in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!body.contains(elsewhere), "the page loads something: {elsewhere}");
    }
    for as_html in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"] {
        assert!(!body.contains(as_html), "the page takes text for HTML: {as_html}");
    }
    body
}

// ---- one client, many clients -------------------------------------------------------------------------------------

#[tokio::test]
async fn send_to_reaches_the_named_client_and_tells_the_sender() {
    let example = Example::start("send_to").await;
    let (mut one, one_id) = introduced(&example).await;
    let (mut other, other_id) = introduced(&example).await;
    let (bystander, _) = introduced(&example).await;
    one.say(format!("{other_id} hello there")).await;
    assert_eq!(other.text().await, format!("{one_id} tells you hello there"));
    assert_eq!(one.text().await, "Sent");
    assert_eq!(bystander.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn send_to_says_why_it_could_not_send_and_carries_on() {
    let example = Example::start("send_to").await;
    let (mut one, _) = introduced(&example).await;
    let (gone, gone_id) = introduced(&example).await;
    assert_eq!(gone.leave().await, []);
    one.say(format!("{gone_id} hello")).await;
    assert!(one.text().await.starts_with("not connected"));
    one.say("joker hello").await;
    assert!(one.text().await.starts_with("`joker` is not a connection id"));
    one.say("hello").await;
    assert_eq!(one.text().await, "You told yourself hello");
    assert!(one.text().await.starts_with("Write an id"));
    assert_eq!(one.leave().await, []);
    example.stop().await;
}

/// Connects, and learns its own id.
async fn introduced(example: &Example) -> (Client, ConnectionId) {
    let mut client = example.connect("/send_to").await;
    let greeting = client.text().await;
    let id = greeting.strip_prefix("You are ").expect("the greeting tells the id");
    (client, id.parse().expect("an id"))
}

#[tokio::test]
async fn broadcast_reaches_everyone_others_and_rooms() {
    let example = Example::start("broadcast").await;
    let mut one = example.connect("/broadcast").await;
    assert_eq!(one.text().await, "1 connected");
    let mut two = example.connect("/broadcast").await;
    assert_eq!(two.text().await, "2 connected");
    assert_eq!(one.text().await, "Somebody came");

    one.say("hello").await;
    assert_eq!(one.text().await, "hello");
    assert_eq!(two.text().await, "hello");

    two.say("/join red").await;
    assert_eq!(two.text().await, "1 in red");
    one.say("/red alert").await;
    assert_eq!(one.text().await, "Told 1");
    assert_eq!(two.text().await, "red: alert");

    assert_eq!(two.leave().await, [], "the leaver is not told that it left");
    assert_eq!(one.text().await, "Somebody left");
    one.say("/red alert").await;
    assert_eq!(one.text().await, "Told 0");
    example.stop().await;
}

// ---- the request --------------------------------------------------------------------------------------------------

#[tokio::test]
async fn query_params_are_decoded_and_may_be_missing() {
    let example = Example::start("query_params").await;
    for (query, greeting) in [
        ("?name=gordon&desg=commissioner", "Gordon authorized to login!"),
        ("?name=g%6Frdon&desg=commissioner", "Gordon authorized to login!"),
        ("?name=joker+jr", "joker jr is not authorized"),
        ("", "Who is there?"),
    ] {
        let mut client = example.connect(&format!("/login{query}")).await;
        assert_eq!(client.text().await, greeting, "{query}");
    }
    example.stop().await;
}

#[tokio::test]
async fn query_params_that_are_wrong_are_refused_before_the_connection() {
    let example = Example::start("query_params").await;
    let mut client = example.connect("/floor/-3?lamps=2&dimmed=true").await;
    assert_eq!(client.text().await, "Floor -3: 2 dimmed lamps");
    let mut client = example.connect("/floor/3?lamps=2").await;
    assert_eq!(client.text().await, "Floor 3: 2 bright lamps");
    for (path, culprit) in [
        ("/floor/3?lamps=many", "lamps"),
        ("/floor/3", "lamps"),
        ("/floor/attic?lamps=2", "attic"),
    ] {
        let refusal = example.refusal(path).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(refusal.body().contains(culprit), "{path}: {}", refusal.body());
    }
    example.stop().await;
}

#[tokio::test]
async fn auth_lets_in_who_has_a_token_and_knows_them() {
    let example = Example::start("auth").await;
    let mut alfred = example.connect("/cave?token=alfred-1").await;
    let mut robin = example
        .connect_with("/cave", &[("authorization", "Bearer robin-2")])
        .await;
    assert_eq!(alfred.text().await, "Welcome, Alfred");
    assert_eq!(robin.text().await, "Welcome, Robin");
    robin.say("hi").await;
    assert_eq!(robin.text().await, "Robin said hi");
    example.stop().await;
}

#[tokio::test]
async fn auth_answers_401_to_strangers() {
    let example = Example::start("auth").await;
    for path in ["/cave", "/cave?token=", "/cave?token=joker"] {
        let refusal = example.refusal(path).await;
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(refusal.headers()["www-authenticate"], "Bearer", "{path}");
        assert_eq!(refusal.body(), "the cave needs a valid token\n", "{path}");
    }
    example.stop().await;
}

// ---- what a connection and an app know ----------------------------------------------------------------------------

#[tokio::test]
async fn state_belongs_to_one_connection() {
    let example = Example::start("state").await;
    let mut one = example.connect("/mean").await;
    let mut other = example.connect("/mean").await;
    one.say("1").await;
    assert_eq!(one.text().await, "mean 1");
    one.say("2").await;
    assert_eq!(one.text().await, "mean 1.5");
    one.say("many").await;
    assert_eq!(one.text().await, "`many` is no number");
    other.say("10").await;
    assert_eq!(other.text().await, "mean 10");
    assert_eq!(one.leave().await, [Message::text("Goodbye after 2 numbers")]);
    example.stop().await;
}

#[tokio::test]
async fn dependencies_are_shared_by_all_connections() {
    let example = Example::start("dependencies").await;
    for number in 1..=3 {
        let mut client = example.connect("/signal").await;
        client.say("bat").await;
        assert_eq!(client.text().await, format!("Signal {number} over Gotham"));
    }
    example.stop().await;
}

#[tokio::test]
async fn sub_router_gives_its_endpoints_a_prefix_and_a_motto_of_their_own() {
    let example = Example::start("sub_router").await;
    assert_eq!(example.endpoints(), ["/league/cave/computer", "/league/chat"]);
    let mut chat = example.connect("/league/chat").await;
    let mut computer = example.connect("/league/cave/computer").await;
    chat.say("hi").await;
    assert_eq!(chat.text().await, "hi (We are many)");
    computer.say("open").await;
    assert_eq!(computer.text().await, "Somebody is at the computer (I work alone)");
    for path in ["/chat", "/computer", "/cave/computer", "/league/computer"] {
        assert_eq!(example.refusal(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn sub_router_narrows_the_limits_of_its_endpoints() {
    let example = Example::start("sub_router").await;
    let long = "x".repeat(1025);
    let mut chat = example.connect("/league/chat").await;
    chat.say(long.as_str()).await;
    assert_eq!(chat.text().await, format!("{long} (We are many)"));
    let computer = example.connect("/league/cave/computer").await;
    computer.say(long.as_str()).await;
    assert_eq!(computer.closed().await.0, 1009);
    example.stop().await;
}

// ---- the end ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn close_sends_the_code_and_reason_it_was_given_and_what_was_said_before() {
    let example = Example::start("close").await;
    let mut client = example.connect("/close").await;
    client.say("hello").await;
    assert_eq!(client.text().await, "Message received");
    client.say("disconnect").await;
    assert_eq!(client.text().await, "Closing connection");
    assert_eq!(client.text().await, "Goodbye");
    assert_eq!(client.closed().await, (1000, String::new()));

    let mut banned = example.connect("/close").await;
    banned.say("ban").await;
    assert_eq!(banned.text().await, "Closing connection");
    assert_eq!(banned.text().await, "Goodbye");
    assert_eq!(banned.closed().await, (4003, "banned".to_owned()));

    let failed = example.connect("/close").await;
    failed.say("fail").await;
    assert_eq!(failed.closed().await, (4000, "you asked for it".to_owned()));
    example.stop().await;
}

#[tokio::test]
async fn close_says_no_goodbye_to_a_client_that_leaves() {
    let example = Example::start("close").await;
    let client = example.connect("/close").await;
    assert_eq!(client.leave().await, []);
    example.stop().await;
}

// ---- sessions -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn session_echoes_until_the_client_leaves() {
    let example = Example::start("session").await;
    let mut client = example.connect("/echo").await;
    for text in ["one", "two", ""] {
        client.say(text).await;
        assert_eq!(client.text().await, format!("Echo: {text}"));
    }
    assert_eq!(client.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn session_counts_down_and_closes_unless_it_is_stopped() {
    let example = Example::start("session").await;
    let mut patient = example.connect("/countdown?from=1").await;
    let mut hasty = example.connect("/countdown?from=1000").await;
    assert_eq!(hasty.text().await, "1000");
    hasty.say("stop").await;
    let mut last = hasty.text().await;
    while last.parse::<u32>().is_ok_and(|left| left > 990) {
        last = hasty.text().await;
    }
    assert!(last.starts_with("Stopped before "), "{last}");
    assert_eq!(hasty.closed().await, (1000, String::new()));

    assert_eq!(patient.text().await, "1");
    assert_eq!(patient.text().await, "0");
    assert_eq!(patient.closed().await, (1000, String::new()));
    let refusal = example.refusal("/countdown").await;
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    example.stop().await;
}

// ---- kinds of messages --------------------------------------------------------------------------------------------

#[tokio::test]
async fn json_is_read_and_answered() {
    let example = Example::start("json").await;
    for path in ["/json", "/json/patient"] {
        let mut client = example.connect(path).await;
        client.say(r#"{"do": "add", "a": 1, "b": 2}"#).await;
        assert_eq!(client.json().await, json!({"sum": 3}), "{path}");
        client.say(r#"{"do": "shout", "text": "hi\nthere"}"#).await;
        assert_eq!(client.json().await, json!({"loud": "HI\nTHERE"}), "{path}");
        client
            .say(format!(r#"{{"do": "add", "a": {}, "b": 1}}"#, i64::MAX))
            .await;
        assert_eq!(client.json().await, json!({"error": "too big"}), "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn json_that_is_wrong_closes_or_is_answered_as_the_handler_wants() {
    let example = Example::start("json").await;
    for wrong in ["hi", r#"{"do": "dance"}"#, r#"{"do": "add", "a": 1}"#] {
        let strict = example.connect("/json").await;
        strict.say(wrong).await;
        let (code, reason) = strict.closed().await;
        assert_eq!(code, 1007, "{wrong}");
        assert!(!reason.is_empty(), "{wrong}");

        let mut patient = example.connect("/json/patient").await;
        patient.say(wrong).await;
        assert!(patient.json().await["error"].is_string(), "{wrong}");
        patient.say(r#"{"do": "add", "a": 1, "b": 2}"#).await;
        assert_eq!(patient.json().await, json!({"sum": 3}), "{wrong}");
    }
    example.stop().await;
}

#[tokio::test]
async fn binary_messages_are_bytes_and_told_apart_from_text() {
    let example = Example::start("binary").await;
    let mut reverse = example.connect("/reverse").await;
    reverse.say(vec![1, 2, 255]).await;
    assert_eq!(reverse.next().await, Message::binary(vec![255, 2, 1]));
    reverse.say("abc").await;
    assert_eq!(reverse.next().await, Message::binary("cba"));

    let mut kind = example.connect("/kind").await;
    kind.say("häh").await;
    assert_eq!(kind.text().await, "text of 3 characters");
    kind.say("häh".as_bytes().to_vec()).await;
    assert_eq!(kind.text().await, "4 bytes");

    let sender = example.connect("/relay").await;
    let mut receiver = example.connect("/relay").await;
    sender.say(vec![0; 64 * 1024]).await;
    assert_eq!(receiver.next().await, Message::binary(vec![0; 64 * 1024]));
    assert_eq!(sender.leave().await, []);
    receiver.say(vec![0; 64 * 1024 + 1]).await;
    assert_eq!(receiver.closed().await.0, 1009);
    example.stop().await;
}

// ---- chat ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn chat_tells_the_room_who_joined_and_left() {
    let example = Example::start("chat").await;
    let mut robin = member(&example, "cave", "Robin", 1).await;
    let alfred = member(&example, "cave", "Alfred", 2).await;
    assert_eq!(
        robin.json().await,
        json!({"event": "joined", "name": "Alfred", "people": 2})
    );
    let elsewhere = member(&example, "arkham", "Joker", 1).await;
    assert_eq!(elsewhere.leave().await, []);
    assert_eq!(alfred.leave().await, [], "the leaver is not told that it left");
    assert_eq!(
        robin.json().await,
        json!({"event": "left", "name": "Alfred", "people": 1})
    );
    assert_eq!(robin.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn chat_tells_the_room_of_a_client_that_was_cut_off() {
    let example = Example::start("chat").await;
    let mut robin = member(&example, "cave", "Robin", 1).await;
    let alfred = member(&example, "cave", "Alfred", 2).await;
    assert_eq!(robin.json().await["event"], "joined");
    drop(alfred);
    assert_eq!(
        robin.json().await,
        json!({"event": "left", "name": "Alfred", "people": 1})
    );
    example.stop().await;
}

#[tokio::test]
async fn chat_passes_what_is_said_to_the_whole_room_and_to_no_other() {
    const TEXT: &str = "<b>\"hi\"</b> & bye";

    let example = Example::start("chat").await;
    let mut robin = member(&example, "the%20cave", "Rob+in", 1).await;
    let alfred = member(&example, "the%20cave", "Alfred", 2).await;
    let joker = member(&example, "arkham", "Joker", 1).await;
    assert_eq!(robin.json().await["event"], "joined");
    alfred.say("  ").await;
    alfred.say(TEXT).await;
    robin.say("Connection closed").await;
    let said = json!({"event": "said", "name": "Alfred", "text": TEXT});
    let answered = json!({"event": "said", "name": "Rob in", "text": "Connection closed"});
    for mut client in [robin, alfred] {
        let (first, second) = (client.json().await, client.json().await);
        assert!([&first, &second].contains(&&said), "{first} {second}");
        assert!([&first, &second].contains(&&answered), "{first} {second}");
    }
    assert_eq!(joker.leave().await, []);
    example.stop().await;
}

#[tokio::test]
async fn chat_refuses_names_that_are_none() {
    let example = Example::start("chat").await;
    let long = "x".repeat(25);
    for (path, culprit) in [
        ("/chat/cave".to_owned(), "name"),
        ("/chat/cave?name=+".to_owned(), "the name has"),
        (format!("/chat/cave?name={long}"), "the name has"),
        (format!("/chat/{long}?name=Robin"), "the room has"),
    ] {
        let refusal = example.refusal(&path).await;
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(refusal.body().contains(culprit), "{path}: {}", refusal.body());
    }
    example.stop().await;
}

#[tokio::test]
async fn chat_disconnects_who_says_too_much() {
    let example = Example::start("chat").await;
    let long = member(&example, "cave", "Long", 1).await;
    long.say("x".repeat(4097)).await;
    assert_eq!(long.closed().await.0, 1009);
    let mut fast = member(&example, "cave", "Fast", 1).await;
    for _ in 0..100 {
        fast.say("x").await;
    }
    let mut heard = 0;
    let code = loop {
        match fast.next().await {
            Message::Close(frame) => break frame.map(|frame| u16::from(frame.code)),
            _ => heard += 1,
        }
    };
    assert_eq!(code, Some(1008));
    assert!(heard < 100, "everything was passed on");
    example.stop().await;
}

#[tokio::test]
async fn chat_serves_its_page() {
    let example = Example::start("chat").await;
    let page = page(&example).await;
    for event in ["welcome", "joined", "said", "left"] {
        assert!(
            page.contains(&format!("    {event}({{ ")),
            "the page does not know {event:?}"
        );
    }
    assert!(page.contains("maxlength=\"24\""), "the page knows the longest name");
    example.stop().await;
}

/// Joins the room and is welcomed; `people` includes the newcomer.
async fn member(example: &Example, room: &str, name: &str, people: usize) -> Client {
    let mut client = example.connect(&format!("/chat/{room}?name={name}")).await;
    let welcome = client.json().await;
    let room = room.replace("%20", " ");
    assert_eq!(welcome, json!({"event": "welcome", "room": room, "people": people}));
    client
}

// ---- together with HTTP -------------------------------------------------------------------------------------------

#[tokio::test]
async fn mount_in_axum_serves_pages_and_sockets_behind_the_same_layers() {
    let example = Example::start("mount_in_axum").await;
    let answer = example.get("/").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Visit 1\n"));
    assert!(answer.head.contains("server: gotham"), "{}", answer.head);
    for (path, visit) in [("/echo", 2), ("/live/echo", 3)] {
        let mut client = example.connect(path).await;
        assert_eq!(client.headers["server"], "gotham", "{path}");
        assert_eq!(client.text().await, format!("Visit {visit}"), "{path}");
        client.say("hi").await;
        assert_eq!(client.text().await, "hi", "{path}");
    }
    example.stop().await;
}

#[tokio::test]
async fn mount_in_axum_tells_its_clients_when_it_stops() {
    let example = Example::start("mount_in_axum").await;
    let mut client = example.connect("/live/echo").await;
    assert_eq!(client.text().await, "Visit 1");
    example.ask_to_stop().await;
    assert_eq!(client.closed().await.0, 1001);
    example.ended().await;
}

#[tokio::test]
async fn http_to_ws_sends_what_is_published_to_every_reader() {
    let example = Example::start("http_to_ws").await;
    assert_eq!(example.post("/publish", "unheard").await.body, "sent to 0\n");
    let mut readers = [example.connect("/news").await, example.connect("/news").await];
    for reader in &mut readers {
        assert_eq!(reader.text().await, "Waiting for news");
    }
    assert_eq!(example.get("/readers").await.body, "2 connected\n");
    assert_eq!(example.post("/publish", "Joker escaped").await.body, "sent to 2\n");
    for mut reader in readers {
        reader.say("a reader is not heard").await;
        assert_eq!(reader.text().await, "Joker escaped");
        assert_eq!(reader.leave().await, []);
    }
    assert_eq!(example.get("/readers").await.body, "0 connected\n");
    example.stop().await;
}

// ---- all of them --------------------------------------------------------------------------------------------------

#[test]
fn every_example_is_tested_here() {
    let starts = include_str!("examples.rs").split("Example::start(\"").skip(1);
    let tested: BTreeSet<String> = starts
        .filter_map(|rest| Some(rest.split_once("\")")?.0.to_owned()))
        .collect();
    assert_eq!(tested, servers());
}

#[test]
fn every_example_begins_with_what_it_shows_how_to_run_it_and_what_to_do() {
    for name in names() {
        let source = source(&name);
        let lines: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let [shows, run, then] = lines[..] else {
            panic!("`{name}` begins with {} lines of `//!`", lines.len());
        };
        // Only what serves has an address, and only what measures is of no use in a debug build.
        let (how, what) = if servers().contains(&name) {
            ("", "://127.0.0.1:8080")
        } else {
            ("--release ", "--")
        };
        assert!(shows.ends_with('.'), "`{name}`: {shows}");
        assert_eq!(run, format!("Run it: `cargo run {how}--example {name}`"));
        assert!(then.starts_with("Then ") && then.contains(what), "`{name}`: {then}");
    }
}

#[tokio::test]
async fn every_example_that_serves_says_that_its_port_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address");
    for name in servers() {
        let error = complaint(&name, None, &["--port", &address.port().to_string()]).await;
        assert!(
            error.starts_with(&format!("Error: cannot listen on {address}: ")),
            "`{name}`: {error}"
        );
    }
}

#[tokio::test]
async fn every_example_that_serves_says_that_its_port_is_none() {
    for name in servers() {
        let error = complaint(&name, None, &["--port=http"]).await;
        let expected = "Error: cannot listen on port `http`: expected a number from 0 to 65535";
        assert_eq!(error, expected, "`{name}`");
    }
}

#[tokio::test]
async fn a_port_is_a_number_and_nothing_else_is_understood() {
    for (port, arguments, culprit) in [
        (None, &["--port"][..], "port ``"),
        (None, &["--port", "65536"], "port `65536`"),
        (None, &["--port=-1"], "port `-1`"),
        (Some("many"), &[], "port `many`"),
        (
            None,
            &["--prot", "0"],
            "`--prot` means nothing here, expected `--port N`",
        ),
        (None, &["8080"], "`8080` means nothing here, expected `--port N`"),
    ] {
        let error = complaint("state", port, arguments).await;
        assert!(error.contains(culprit), "{port:?} {arguments:?}: {error}");
    }
}

#[tokio::test]
async fn the_port_is_the_argument_or_else_the_variable_or_else_8080() {
    let from_variable = Example::start_with("state", "0", &[]).await;
    assert!(from_variable.address().ip().is_loopback());
    let from_argument = Example::start_with("state", "many", &["--port=0"]).await;
    assert_ne!(from_variable.address(), from_argument.address());
    let from_neither = {
        // Either we have port 8080 now, or somebody else has.
        let _taken = TcpListener::bind("127.0.0.1:8080").await;
        complaint("state", Some(""), &[]).await
    };
    assert!(from_neither.contains("127.0.0.1:8080"), "{from_neither}");
    from_variable.stop().await;
    from_argument.stop().await;
}

/// Runs an example that cannot listen, and gives the one line in which it says so.
async fn complaint(name: &str, port: Option<&str>, arguments: &[&str]) -> String {
    let output = run_to_its_end(name, port, arguments).await;
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "`{name}`: {error}");
    assert!(output.stdout.is_empty(), "`{name}` listens nevertheless");
    let mut lines = error.lines();
    let line = lines.next().expect("a line of error").to_owned();
    assert_eq!(lines.next(), None, "`{name}`: {error}");
    line
}
