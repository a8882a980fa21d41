//! The examples `calls` and `calls_from_server`.

use serde_json::{Value, json};

use crate::support::{Client, Example};

async fn ask(client: &mut Client, method: &str, params: Value) -> Value {
    let call = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
    client.say(call.to_string()).await;
    client.json().await
}

fn result(result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "result": result, "id": 1})
}

#[tokio::test]
async fn calls_are_answered_with_results_and_errors() {
    let example = Example::start("calls").await;
    let mut client = example.connect("/calls").await;
    for params in [json!([7, 2]), json!({"divisor": 2, "dividend": 7})] {
        let answer = ask(&mut client, "divide", params).await;
        assert_eq!(answer, result(&json!({"quotient": 3, "remainder": 1})));
    }
    for (method, params, error) in [
        (
            "divide",
            json!([7, 0]),
            json!({"code": 1, "message": "cannot divide by that", "data": [7, 0]}),
        ),
        (
            "parse",
            json!(["x"]),
            json!({"code": -32603, "message": "Internal error"}),
        ),
        (
            "nobody",
            json!([]),
            json!({"code": -32601, "message": "Method not found"}),
        ),
    ] {
        let answer = ask(&mut client, method, params).await;
        assert_eq!(answer["error"], error, "{method}");
    }
    assert_eq!(ask(&mut client, "parse", json!([" 42 "])).await, result(&json!(42)));
    for count in 1..=3 {
        assert_eq!(ask(&mut client, "count", json!([])).await, result(&json!(count)));
    }
    example.stop().await;
}

#[tokio::test]
async fn calls_notifies_the_others() {
    let example = Example::start("calls").await;
    let mut one = example.connect("/calls").await;
    let mut other = example.connect("/calls").await;
    assert_eq!(ask(&mut one, "say", json!(["hi"])).await, result(&json!(1)));
    let said = json!({"jsonrpc": "2.0", "method": "said", "params": ["hi"]});
    assert_eq!(other.json().await, said);
    example.stop().await;
}

#[tokio::test]
async fn calls_from_server_asks_for_a_name_and_a_confirmation() {
    let example = Example::start("calls_from_server").await;
    for (named, name) in [
        (json!({"result": "Robin"}), "Robin"),
        (
            json!({"error": {"code": -32601, "message": "Method not found"}}),
            "somebody",
        ),
    ] {
        let mut client = example.connect("/files").await;
        assert_eq!(client.json().await["method"], "name");
        answer(&client, &named, 1).await;
        let welcome = json!({"jsonrpc": "2.0", "method": "welcome", "params": [name]});
        assert_eq!(client.json().await, welcome);
        for (id, sure, expected) in [
            (2, true, json!({"result": format!("{name} has deleted a.txt")})),
            (
                3,
                false,
                json!({"error": {"code": 1, "message": format!("{name} keeps a.txt")}}),
            ),
        ] {
            let question = ask(&mut client, "delete", json!(["a.txt"])).await;
            assert_eq!(question["method"], "confirm");
            let params = json!({"file": "a.txt", "warning": "this cannot be undone"});
            assert_eq!(question["params"], params);
            answer(&client, &json!({"result": {"sure": sure}}), id).await;
            let mut outcome = client.json().await;
            outcome
                .as_object_mut()
                .expect("an answer")
                .retain(|name, _| name == "result" || name == "error");
            assert_eq!(outcome, expected);
        }
    }
    example.stop().await;
}

/// Answers a call of the server.
async fn answer(client: &Client, outcome: &Value, id: u64) {
    let mut answer = outcome.clone();
    answer["jsonrpc"] = "2.0".into();
    answer["id"] = id.into();
    client.say(answer.to_string()).await;
}
