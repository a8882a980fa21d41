//! The names of rooms are bounded.

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::Log;

static NAMES: SubRouter = SubRouter::new("/room_names");
static SHORT: SubRouter = SubRouter::new("/short_room_names");

#[websocket("/", on = "message", router = NAMES)]
#[websocket("/", on = "message", router = SHORT)]
fn join(ws: &WebSocketConnector, msg: &str) -> String {
    let joined = ws.join(msg);
    format!(
        "{}, in {}, {} there",
        joined.is_member,
        ws.rooms().len(),
        ws.to(msg).count()
    )
}

async fn ask(socket: &mut TestSocket, name: &str) -> String {
    socket.send_text(name).await;
    socket.receive_text().await
}

fn app() -> App {
    App::new().include_router(&NAMES)
}

#[tokio::test]
async fn room_name_has_256_bytes_by_default() {
    let app = TestApp::new(app());
    let mut client = app.connect("/room_names").await.expect("the upgrade");
    for too_long in ["x".repeat(257), "é".repeat(129), "x".repeat(1_000_000)] {
        assert_eq!(ask(&mut client, &too_long).await, "false, in 0, 0 there");
    }
    assert_eq!(app.hub().endpoint("/room_names").room_count(), 0);
    assert_eq!(ask(&mut client, &"é".repeat(128)).await, "true, in 1, 1 there");
    assert_eq!(ask(&mut client, &"x".repeat(256)).await, "true, in 2, 1 there");
}

#[tokio::test]
async fn room_name_limit_can_be_set_and_narrowed() {
    let narrow = SHORT.limits(Limits::default().max_room_name(2));
    let app = app().limits(Limits::default().max_room_name(4)).include_router(narrow);
    let app = TestApp::new(app);
    for (path, longest) in [("/room_names", 4), ("/short_room_names", 2)] {
        let mut client = app.connect(path).await.expect("the upgrade");
        assert_eq!(ask(&mut client, &"x".repeat(longest)).await, "true, in 1, 1 there");
        assert_eq!(ask(&mut client, &"x".repeat(longest + 1)).await, "false, in 1, 0 there");
    }
}

#[test]
fn room_name_limit_that_cannot_work_or_is_widened_is_a_build_error() {
    for value in [0, usize::MAX] {
        let errors = app().limits(Limits::default().max_room_name(value)).build();
        let errors = errors.expect_err("it cannot work").to_string();
        assert!(errors.contains("`Limits::max_room_name` is "), "{errors}");
    }
    let wide = SHORT.limits(Limits::default().max_room_name(257));
    let errors = app().include_router(wide).build().expect_err("it is wider");
    assert!(errors.to_string().contains("can only narrow"), "{errors}");
}

#[tokio::test]
async fn room_name_over_the_limit_is_logged_in_one_line_that_is_cut_and_escaped() {
    let log = Log::default();
    let _subscribed = tracing::subscriber::set_default(log.subscriber());
    let app = TestApp::new(app());
    let mut client = app.connect("/room_names").await.expect("the upgrade");
    let name = format!("red\n\u{1b}[31m{}", "x".repeat(100_000));
    assert_eq!(ask(&mut client, &name).await, "false, in 0, 0 there");
    let log = log.text();
    let line: Vec<_> = log.lines().filter(|line| line.contains("max_room_name")).collect();
    assert_eq!(line.len(), 1, "{log}");
    assert!(line[0].contains(r"red\n\u{1b}[31mxxx"), "{}", line[0]);
    assert!(!line[0].contains(&"x".repeat(129)), "{} bytes", line[0].len());
}
