//! A queue of jobs in Redis.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult};

/// Puts a job at the end of the queue and returns the queue's length.
pub async fn push(connection: &mut MultiplexedConnection, job: &str) -> RedisResult<usize> {
    connection.rpush("jobs", job).await
}

/// Takes the job at the front of the queue.
pub async fn pop(connection: &mut MultiplexedConnection) -> RedisResult<Option<String>> {
    connection.lpop("jobs", None).await
}
