//! A ledger in PostgreSQL.

use tokio_postgres::{Client, Error};

/// Makes the table.
pub async fn create(client: &Client) -> Result<(), Error> {
    client.batch_execute("CREATE TABLE ledger (id serial PRIMARY KEY, account text NOT NULL, amount bigint NOT NULL)").await
}

/// Moves an amount between two accounts, wholly or not at all.
pub async fn transfer(client: &mut Client, from: &str, to: &str, amount: i64) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    let insert = transaction
        .prepare("INSERT INTO ledger (account, amount) VALUES ($1, $2)")
        .await?;
    transaction.execute(&insert, &[&from, &-amount]).await?;
    transaction.execute(&insert, &[&to, &amount]).await?;
    transaction.commit().await
}

/// The sum of an account.
pub async fn balance(client: &Client, account: &str) -> Result<i64, Error> {
    let row = client
        .query_one(
            "SELECT COALESCE(SUM(amount), 0)::bigint FROM ledger WHERE account = $1",
            &[&account],
        )
        .await?;
    Ok(row.get(0))
}
