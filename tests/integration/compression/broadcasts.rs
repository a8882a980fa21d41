use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{Client, Codec, PATIENCE, until};

use super::support::{Compressing, json, start, start_with};

/// Clients of every kind: without compression, and with each window.
async fn audience(server: &robyn_ws_tests::Server) -> (Vec<Client>, Vec<Compressing>) {
    let (mut plain, mut compressing) = (Vec::new(), Vec::new());
    for bits in 9..=15 {
        plain.push(server.connect("/compressing").await);
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        compressing.push(Compressing::offering(server, &offer, Codec::shared()).await);
    }
    let endpoint = server.hub().endpoint("/compressing");
    until("all to be there", || endpoint.count() == 14).await;
    (plain, compressing)
}

#[tokio::test]
async fn broadcast_reaches_everyone_in_the_form_that_was_negotiated() {
    let server = start(Compression::shared()).await;
    let (mut plain, mut compressing) = audience(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    for round in 0..5 {
        let texts = [
            format!("short {round}"),
            json(2000 + round),
            json(20_000),
            json(300 * 1024),
        ];
        for text in &texts {
            assert_eq!(endpoint.sync_broadcast(&**text).queued, 14);
        }
        for client in &mut plain {
            for text in &texts {
                client.expect(text.clone()).await;
            }
        }
        for client in &mut compressing {
            for text in &texts {
                assert_eq!(client.expect(text).await.is_some(), text.len() > 256);
            }
        }
    }
}

#[tokio::test]
async fn broadcast_is_encoded_once_and_not_for_clients_that_are_not_there() {
    let server = start(Compression::shared()).await;
    let (_plain, mut compressing) = audience(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    let before = endpoint.counters().frames_encoded;
    endpoint.sync_broadcast(json(2000));
    assert_eq!(endpoint.counters().frames_encoded, before + 1);
    let mut sizes = Vec::new();
    for client in &mut compressing {
        sizes.push(client.expect(&json(2000)).await.expect("it is compressed"));
    }
    // A larger window never makes a message longer.
    assert!(sizes.is_sorted_by(|small, large| small >= large), "{sizes:?}");
}

#[tokio::test]
async fn broadcasts_to_rooms_and_without_exceptions_are_compressed_too() {
    let server = start(Compression::shared()).await;
    let (mut plain, mut compressing) = audience(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    for client in &mut compressing[..3] {
        client.send("room red").await;
        client.expect("joined").await;
    }
    plain[0].send("room blue").await;
    plain[0].expect("joined").await;
    let text = json(1000);
    assert_eq!(endpoint.to("red").sync_broadcast(&*text).queued, 3);
    assert_eq!(endpoint.to("red").to("blue").sync_broadcast(&*text).queued, 4);
    let first = endpoint.ids()[0];
    assert_eq!(endpoint.except(first).sync_broadcast("to nearly all").queued, 13);
    for client in &mut compressing[..3] {
        assert!(client.expect(&text).await.is_some());
        assert!(client.expect(&text).await.is_some());
    }
    plain[0].expect(text).await;
}

#[tokio::test]
async fn async_broadcast_waits_for_room_and_keeps_the_order() {
    let limits = Limits::default().broadcast_timeout(PATIENCE);
    let server = start_with(Compression::shared(), limits).await;
    let mut client = Compressing::shared(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    until("it to be there", || endpoint.count() == 1).await;
    let sending = tokio::spawn(async move {
        for number in 0..600 {
            let text = if number % 100 == 99 {
                json(300 * 1024)
            } else {
                json(1000 + number)
            };
            assert_eq!(endpoint.async_broadcast(text).await.queued, 1);
        }
    });
    for number in 0..600 {
        let text = if number % 100 == 99 {
            json(300 * 1024)
        } else {
            json(1000 + number)
        };
        client.expect(&text).await;
    }
    sending.await.expect("nothing failed");
}
