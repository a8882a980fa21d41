//! Many people with two tabs each come and go at random: each arrival and each departure of a person is announced once.

use std::{collections::BTreeMap, sync::Arc};

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::{Probe, Seen, probe};
use serde::Deserialize;
use tokio::{sync::Barrier, task::JoinSet};

const PEOPLE: usize = 300;
const TABS: usize = 2;
const TASKS: usize = 8;

static CROWD: SubRouter = SubRouter::new("/people/crowd");

#[derive(Deserialize)]
struct Who {
    user: String,
}

#[websocket("/", on = "upgrade", router = CROWD)]
fn upgrade(Query(who): Query<Who>) -> Identity {
    Identity::new(who.user)
}

fn announce(ws: &WebSocketConnector, hub: &Hub, what: &str) {
    let who = ws.identity().expect("everybody has an identity");
    let told = hub
        .endpoint("/people/crowd/watch")
        .sync_broadcast(format!("{what} {who}"));
    assert_eq!((told.queued, told.dropped), (1, 0));
}

fn come(ws: &WebSocketConnector, hub: &Hub) {
    if ws.join("lobby").first_of_identity {
        announce(ws, hub, "online");
    }
}

#[websocket("/", on = "connect", router = CROWD)]
fn connect(ws: &WebSocketConnector, hub: Hub) -> String {
    come(ws, &hub);
    ws.id().to_string()
}

#[websocket("/", on = "message", router = CROWD)]
async fn message(ws: WebSocketConnector, hub: Hub, msg: String) -> &'static str {
    if msg == "join" {
        come(&ws, &hub);
    } else if ws.leave("lobby").last_of_identity {
        announce(&ws, &hub, "offline");
    }
    "ok"
}

#[websocket("/", on = "close", router = CROWD)]
fn close(ws: &WebSocketConnector, hub: Hub, departed: Departed, probe: Global<Probe>) {
    for _departure in departed.filter(|departure| departure.last_of_identity) {
        announce(ws, &hub, "offline");
    }
    probe.note("closed");
}

#[websocket("/watch", on = "connect", router = CROWD)]
fn watch() {}

/// A sequence that looks random, and is the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("it is small")
    }

    fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.roll(last + 1));
        }
    }
}

/// Which person each tab of each task is.
fn tabs() -> Vec<Vec<usize>> {
    let mut all: Vec<_> = (0..PEOPLE * TABS).map(|tab| tab % PEOPLE).collect();
    Dice(7).shuffle(&mut all);
    all.chunks(all.len() / TASKS).map(<[usize]>::to_vec).collect()
}

fn app() -> (Arc<TestApp>, Seen) {
    let (probe, seen) = probe();
    let limits = Limits::default().max_outbound_messages(64 * 1024);
    let app = App::new().inject_global(probe).include_router(&CROWD).limits(limits);
    (Arc::new(TestApp::new(app)), seen)
}

async fn enter(app: &TestApp, person: usize) -> (TestSocket, ConnectionId) {
    let mut tab = app
        .connect(&format!("/people/crowd?user={person}"))
        .await
        .expect("the upgrade");
    let id = tab.receive_text().await.parse().expect("an id");
    (tab, id)
}

/// Leaves in one of the ways in which people do.
async fn leave(app: &TestApp, (mut tab, id): (TestSocket, ConnectionId), way: usize) {
    match way {
        0 => {
            tab.send_text("leave").await;
            assert_eq!(tab.receive_text().await, "ok");
            tab.vanish();
        }
        1 => {
            tab.close().await;
            tab.expect_close(1000).await;
        }
        2 => tab.vanish(),
        _ => {
            app.hub().endpoint("/people/crowd").close(id).expect("it is connected");
            tab.expect_close(1000).await;
        }
    }
}

/// Returns how often each person was announced as online and as offline, when this many connections have ended.
async fn announcements(
    app: &TestApp,
    mut watch: TestSocket,
    mut seen: Seen,
    connections: usize,
) -> BTreeMap<String, (usize, usize)> {
    for _ in 0..connections {
        seen.expect("closed").await;
    }
    app.hub().endpoint("/people/crowd/watch").sync_broadcast("the end");
    let mut by_person = BTreeMap::<String, (usize, usize)>::new();
    loop {
        let text = watch.receive_text().await;
        if text == "the end" {
            return by_person;
        }
        let (what, who) = text.split_once(' ').expect("two words");
        let (online, offline) = by_person.entry(who.to_owned()).or_default();
        *(if what == "online" { online } else { offline }) += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn each_of_300_people_with_two_tabs_is_announced_once_as_online_and_once_as_offline() {
    let (app, seen) = app();
    let watch = app.connect("/people/crowd/watch").await.expect("the upgrade");
    let all_are_here = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for (task, people) in tabs().into_iter().enumerate() {
        let (app, all_are_here) = (app.clone(), all_are_here.clone());
        tasks.spawn(async move {
            let mut dice = Dice(1 + task as u64);
            let mut here = Vec::new();
            for person in people {
                here.push(enter(&app, person).await);
            }
            all_are_here.wait().await;
            dice.shuffle(&mut here);
            for tab in here {
                leave(&app, tab, dice.roll(4)).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a task goes as it should");
    }
    let by_person = announcements(&app, watch, seen, PEOPLE * TABS).await;
    let once = by_person.values().filter(|counts| **counts == (1, 1)).count();
    assert_eq!((by_person.len(), once), (PEOPLE, PEOPLE), "{by_person:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn people_who_come_and_go_all_the_time_are_announced_as_offline_as_often_as_online() {
    const VISITS: usize = 30;

    let (app, seen) = app();
    let watch = app.connect("/people/crowd/watch").await.expect("the upgrade");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let app = app.clone();
        tasks.spawn(async move {
            let mut dice = Dice(100 + task as u64);
            for _ in 0..VISITS {
                let mut tab = enter(&app, dice.roll(4)).await;
                for _ in 0..dice.roll(8) {
                    tab.0.send_text(if dice.roll(2) == 0 { "join" } else { "leave" }).await;
                    assert_eq!(tab.0.receive_text().await, "ok");
                }
                leave(&app, tab, dice.roll(4)).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a task goes as it should");
    }
    let by_person = announcements(&app, watch, seen, TASKS * VISITS).await;
    let balanced = by_person.values().filter(|(online, offline)| online == offline).count();
    assert_eq!((by_person.len(), balanced), (4, 4), "{by_person:?}");
}
