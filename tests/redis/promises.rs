//! Redis, while its server is there.

use robyn_ws::{Redis, test_util::backplane::conformance};
use robyn_ws_tests::RedisServer;

#[tokio::test]
async fn redis_keeps_the_promises_of_a_backplane() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    conformance(async || Redis::connect(server.url()).await.expect("the server is there")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_promises_on_several_threads() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    conformance(async || Redis::connect(server.url()).await.expect("the server is there")).await;
}
