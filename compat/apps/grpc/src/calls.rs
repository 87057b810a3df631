//! The four kinds of call, many at a time over one connection, and an error that carries its code.

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Channel;

use crate::proto::Number;
use crate::proto::counter_client::CounterClient;

/// Makes them all, and checks the answers. The counter is at 0.
pub async fn all(mut client: CounterClient<Channel>) {
    let mut tasks = JoinSet::new();
    for value in 1..=100 {
        let mut client = client.clone();
        tasks.spawn(async move {
            client
                .add(Number { value })
                .await
                .unwrap()
                .into_inner()
                .value
        });
    }
    let totals = tasks.join_all().await;
    assert_eq!(totals.into_iter().max(), Some(5050));

    let mut numbers = client
        .count_down(Number { value: 500 })
        .await
        .unwrap()
        .into_inner();
    for expected in (0..500).rev() {
        assert_eq!(
            numbers.message().await.unwrap(),
            Some(Number { value: expected })
        );
    }
    assert_eq!(numbers.message().await.unwrap(), None);

    let sum = client
        .sum(tokio_stream::iter((1..=1000).map(|value| Number { value })))
        .await
        .unwrap();
    assert_eq!(sum.into_inner().value, 500_500);

    // Each number is sent only after the answer to the one before it.
    let (send, receive) = mpsc::channel(1);
    send.send(Number { value: 1 }).await.unwrap();
    let mut sums = client
        .running(ReceiverStream::new(receive))
        .await
        .unwrap()
        .into_inner();
    for step in 2..=50 {
        let total = sums.message().await.unwrap().unwrap().value;
        assert_eq!(total, (step - 1) * step / 2);
        send.send(Number { value: step }).await.unwrap();
    }
    drop(send);
    assert_eq!(
        sums.message().await.unwrap(),
        Some(Number { value: 50 * 51 / 2 })
    );
    assert_eq!(sums.message().await.unwrap(), None);

    let error = client.count_down(Number { value: -1 }).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
